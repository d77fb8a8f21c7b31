"""The pages: a module per page holds its route and what its template is given. No SQL, no markup.

`text` and `drawing` turn values into text and shapes; `rendering` holds what all pages share, `template_filters` what
the templates call.
"""

from flask import Flask

from dashboard.pages import deliveries, delivery, deployment, history, language, overview, project, template_filters
from dashboard.pages.rendering import blueprint
from dashboard.pages.text import languages

PAGES = (overview, project, history, deployment, deliveries, delivery, language)
"""Importing a page adds its routes to the blueprint."""


def init_app(app: Flask) -> None:
    """Serve the pages, in the visitor's language."""
    languages.init_app(app)
    template_filters.init_app(app)
    app.register_blueprint(blueprint)
