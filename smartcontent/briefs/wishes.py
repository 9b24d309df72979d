"""How and when a brief is to be written, as far as its owner wishes: all else is usual."""

from datetime import timedelta

from smartcontent.fields import Field, matching, number, whole

VARIANTS_MOST = 4
LONGEST_DELAY = timedelta(days=365)

WISHES: dict[str, Field] = {
    "model": matching(
        "Model",
        r"[A-Za-z0-9._:/-]{1,100}",
        "be the name of an Ollama model, such as llama3.2:3b: at most 100 letters, digits and "
        ". _ : / - characters",
        about="The Ollama model; without it the server's. One that Ollama does not have is taken:"
        " `waiting_for` says that it is missing.",
        example="llama3.2:3b",
    ),
    "temperature": number("Temperature", 0, 2, usual=0.5, example=0.7),
    "seed": whole("Seed", 0, 2**31 - 1, example=7),
    "variants": whole(
        "Variants",
        1,
        VARIANTS_MOST,
        about="How many drafts to make of it, all due together, with seeds one after the other.",
        usual=1,
    ),
    "delay_seconds": number(
        "Delay_seconds",
        0,
        LONGEST_DELAY // timedelta(seconds=1),
        ", which is a year",
        about="After how many seconds it starts; without it after the server's usual delay.",
        example=120,
    ),
}
