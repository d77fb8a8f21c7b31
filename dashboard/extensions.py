"""The library objects that modules share: made here, bound to the application in create_app, no logic."""

from flask_migrate import Migrate
from flask_smorest import Api
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy

from dashboard.models.base import Base
from dashboard.problems import ProblemApi

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
socketio = SocketIO()
api: Api = ProblemApi()
