"""Store the warnings of deliveries, and which deployments lack jobs or steps

Revision: 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade():
    op.add_column("deliveries", sa.Column("warnings", sa.LargeBinary(), nullable=True))
    op.add_column("deployments", sa.Column("is_cut", sa.Boolean(), nullable=True))


def downgrade():
    op.drop_column("deployments", "is_cut")
    op.drop_column("deliveries", "warnings")
