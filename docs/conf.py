"""The site of these pages, which ``make docs`` builds into build/docs.

The source directory is the project's root, so that the README is its first page and a link out of
docs/ leads to the same place in the site and in the repository.
"""
from importlib.metadata import version as installed

project = "trove-upgrade"
copyright = "the authors of trove-upgrade"
release = version = installed("trove-upgrade")
extensions = ["cliff.sphinxext", "myst_parser", "openstackdocstheme",
              "oslo_config.sphinxext", "oslo_policy.sphinxext",
              "reno.sphinxext", "sphinx.ext.autodoc", "sphinxcontrib.mermaid",
              "sphinxcontrib.openapi"]
root_doc = "docs/index"
include_patterns = ["README.md", "benchmarks/README.md", "docs/*", "docs/datastores/*",
                    "docs/decisions/*", "docs/examples/README.md"]
# Sphinx follows links, and build/ has one to the root.
exclude_patterns = ["build", ".*"]
html_theme = "openstackdocs"
html_theme_options = {"display_badge": False}
openstackdocs_auto_name = openstackdocs_auto_version = False
openstackdocs_pdf_link = False
pygments_style = "native"
# Headings get the anchors that GitHub gives them.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
