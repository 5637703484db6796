"""How Sphinx makes a site of this folder: `tox run -e docs`, or `sphinx-build -W docs build/site`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import reference  # noqa: E402 (it lies beside the other tools, which are not a package)

project = "dbcontract"
project_copyright = "the dbcontract maintainers. MIT licensed. Not affiliated with either vendor"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
]

myst_enable_extensions = ["attrs_inline", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # Pygments cannot highlight HAProxy's configuration

default_role = "code"  # docstrings and help texts have code between single backticks
smartquotes = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = "dbcontract"
html_theme_options = {"light_css_variables": {"color-code-background": "#f2f3f5"}}
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_domain_indices = False
html_show_sourcelink = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_exclude = ".linenos, .gp, .go"


# What Sphinx and the theme leave out for those who listen to a page or have no mouse; the tests ask axe-core.
MENDED = (
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    ("<pre>", '<pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ('<th class="head"><p></p></th>', "<td></td>"),
    ('<div id="search-results">', '<h1>Search</h1><div class="found" id="search-results">'),
)


def hide(app: Sphinx, _: object) -> None:
    """Leave the reports that stand as examples out of the search: they have every word, and no answer."""
    if app.env.docname.startswith("examples/"):
        app.env.metadata[app.env.docname]["nosearch"] = True


def mend(app: Sphinx, failure: Exception | None) -> None:
    """Make every page that was built usable by everybody; a page that is mended already stays as it is."""
    if failure is None and app.builder.name == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = whole = page.read_text(encoding="utf-8")
            for before, after in MENDED:
                text = text.replace(before, after)
            if text != whole:
                page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Have the generated pages written before Sphinx looks for pages, and the built ones mended."""
    app.connect("doctree-read", hide)
    app.connect("builder-inited", lambda built: reference.write(Path(built.srcdir) / reference.FOLDER))
    app.connect("build-finished", mend)
