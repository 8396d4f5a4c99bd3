"""What the cast says: our own words, about the sample's four questions."""

PEOPLE = (
    "Abena Osei",
    "Bruno Salgado",
    "Celia Hart",
    "Dmitri Orlov",
    "Esi Mensah",
    "Finn Aaltonen",
    "Gita Rao",
    "Hugo Lemaire",
)

_SUBJECTS = (
    "the meters",
    "the school's map",
    "the downstream seat",
    "the daily table",
    "the leak fund",
    "the summer auction",
    "the flood field",
    "the terraces",
)

_FORMS = (
    "We tried something close to {s}, and the second year was easier than the first.",
    "What would make {s} fail? I would plan for that first.",
    "I was against {s} until I saw the numbers for one district.",
    "My neighbours would accept {s} if it came with a date to stop.",
    "Who keeps {s} going when the money for the beginning is spent?",
    "For a town of our size, {s} costs about one festival a year.",
    "Put {s} in the contract, not in the speech.",
    "Ask the people who clean the channels about {s}; they know what breaks.",
    "Is there a photograph of {s} somewhere? People believe what they can look at.",
    "I would begin with {s} in one quarter, and only with volunteers.",
)

LINES = tuple(form.format(s=subject) for form in _FORMS for subject in _SUBJECTS)

# What those who read along would like the panel to be asked.
QUESTIONS = (
    "What does a seat downstream cost the city each year, and who has tried it?",
    "Who decides what stays in the river when there is too little for everybody?",
    "Could the numbers be read aloud at the weekly market, for those without a phone?",
)
