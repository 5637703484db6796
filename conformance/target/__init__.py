"""What is judged: options, target files, discovery, and what is asked before any rule."""
