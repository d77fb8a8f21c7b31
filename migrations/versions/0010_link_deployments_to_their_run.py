"""Link deployments to the run that made them

Revision: 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade():
    op.add_column("deployments", sa.Column("of_run", sa.Text(), nullable=True))
    op.add_column("deployments", sa.Column("of_attempt", sa.Integer(), nullable=True))


def downgrade():
    for name in ("of_attempt", "of_run"):
        op.drop_column("deployments", name)
