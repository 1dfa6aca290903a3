"""The rules of the course's own English, for a `Grammar`: about a hundred words, and what attention exists for.

A word sets the sense of "bank" and decides another much later, verbs agree with a subject far away, names come
back, brackets must close.
"""

from itertools import permutations

__all__ = ["ENGLISH"]


def _english():
    names = ["Anna", "Ben", "Clara", "David", "Nora", "Omar"]
    foods = ["bread", "cheese", "rice", "soup", "cake"]
    rules = {
        "S": "5 CROSSING . | 4 CLAUSE . | 4 SPEECH | 5 FAVOUR . | 2 QUESTION",
        "NAME": " | ".join(names),
        "FOOD": " | ".join(foods),
        "ANIMAL_ONE": "dog | cat | horse | duck | goat",
        "ANIMAL_MANY": "dogs | cats | horses | ducks | goats",
        "PLACE": "farm | garden | market | school | village",
        "WATER": "river | waves | reeds | boats | sand",
        "MONEY": "money | cash | coins | loan | cheque",
        "FEELS": "hungry | tired | happy | asleep",
        "LOOKS": "2 | old | small | brown",
        "HOW": "slowly | quickly",
        "WHEN": "3 | yesterday | at noon | before lunch",
        # The sense of "bank" is set by the verb before it and decides the last noun; all between serves both.
        "CROSSING": "CROSSING_WATER | CROSSING_MONEY",
        "CROSSING_WATER": "NAME BY_WATER TO_THE_BANK WATER",
        "CROSSING_MONEY": "NAME BY_LAND TO_THE_BANK MONEY",
        "BY_WATER": "swam | rowed | sailed | paddled",
        "BY_LAND": "walked | drove | ran | cycled",
        "TO_THE_BANK": "HOW across to the WHICH bank WHEN and NOTICED the",
        "WHICH": "old | quiet | other",
        "NOTICED": "looked at | asked about | thought about | talked about",
        # Verbs agree with the animals they belong to, not with the ones that stand nearer.
        "CLAUSE": "3 CLAUSE_ONE | 3 CLAUSE_MANY | 2 NAME EVENT WHEN",
        "CLAUSE_ONE": "THE_ONE is FEELS | THE_ONE was FEELS | THE_ONE eats the FOOD",
        "CLAUSE_MANY": "THE_MANY are FEELS | THE_MANY were FEELS | THE_MANY eat the FOOD",
        "THE_ONE": "the LOOKS ANIMAL_ONE WHERE",
        "THE_MANY": "the LOOKS ANIMAL_MANY WHERE",
        "WHERE": "2 | 2 PLACED | ( PLACED )",
        "PLACED": "from the PLACE | near the BESIDE | from the PLACE near the BESIDE",
        "BESIDE": "ANIMAL_ONE | ANIMAL_MANY",
        "EVENT": "counted the MONEY | saved the MONEY | watched the WATER | painted the WATER"
        " | BY_LAND to the PLACE | BY_WATER past the PLACE",
        # What was opened is closed, and a question that began as one ends as one.
        "SPEECH": "3 NAME SAID “ CLAUSE ” . | 1 NAME asked “ QUESTION ” .",
        "SAID": "said | whispered | shouted",
        "QUESTION": "is THE_ONE FEELS ? | are THE_MANY FEELS ?",
        # Two names and a food come back.
        "FAVOUR": " | ".join(f"{a} asked {b} for some FAVOUR_{a}_{b}" for a, b in permutations(names, 2)),
    }
    for a, b in permutations(names, 2):
        rules[f"FAVOUR_{a}_{b}"] = " | ".join(f"{food} , so {b} gave {a} the {food}" for food in foods)
    return rules


ENGLISH = _english()
