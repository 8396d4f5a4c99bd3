"""The Flask extensions, made once and bound to the app in `create_app`."""

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_wtf import CSRFProtect

babel = Babel()
csrf = CSRFProtect()
# Its headers stay off: they put Retry-After on every answer, and on a redirect that says "wait before you follow"
# (RFC 9110, 10.2.3). A refusal says it, in `web.errors`.
limiter = Limiter(get_remote_address)
login_manager = LoginManager()
