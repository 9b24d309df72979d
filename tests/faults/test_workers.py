"""A worker is killed, paused or told to end in the middle of a text."""

import os
import signal

from faults import on_both


@on_both
def test_draft_of_a_killed_slot_is_written_by_another(site):
    site.ollama.gap = 0.3
    sent = site.submit()
    site.wait_for_requests(sent)
    os.kill(site.writing_slot(), signal.SIGKILL)

    site.wait_for_requests(sent, 2, 2 + 0.5 + 2)

    assert site.wait_for(sent, "completed")["attempt"] == 2
