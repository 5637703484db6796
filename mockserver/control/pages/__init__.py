"""The pages for people: landing page and dashboard, with all that they load from here and nowhere else."""
