"""The ids of RQ's jobs: which draft, which attempt, whose."""

import re


def job_id(draft_id: int, attempt: int, user_id: int, is_of_batch: bool = False) -> str:
    """The id of the RQ job of one attempt.

    Padded, so that jobs due at the same instant sort in the order of submission; the user is in
    it because the queue is shared out among users where only ids are known; and a "b" where a batch
    asked for it, because what people ask for one by one goes first.
    """
    return f"draft-{draft_id:012d}-{attempt}-{'b-' if is_of_batch else ''}u{user_id}"


def draft_id_of(job_id: str) -> int | None:
    """The draft a job is for; None if the id is not one of ours."""
    found = attempt_of(job_id)
    return found and found[0]


def attempt_of(job_id: str) -> tuple[int, int] | None:
    """The draft and the number of the attempt a job is for; None if the id is not one of ours."""
    found = re.fullmatch(r"draft-(\d{12,18})-(\d{1,9})-(?:b-)?u\d+", job_id)
    return (int(found[1]), int(found[2])) if found else None
