"""How long the tests wait for what must happen: so long that only a hang reaches it."""

import os

# In seconds. A machine that is slower still sets TEST_PATIENCE to a multiple.
PATIENCE = 60 * float(os.environ.get("TEST_PATIENCE", "1"))
