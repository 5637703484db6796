"""Rules of no catalogue, for results that are made up."""

from dbcontract.conformance.catalogue.rules import Level, Rule, Source


def made_rule(
    rule_id: str,
    level: Level = Level.DOCUMENTED,
    *,
    api: str = "pixiebrix",
    title: str = "title",
    depends_on: tuple[str, ...] = (),
) -> Rule:
    """A rule that says nothing."""
    return Rule(
        id=rule_id,
        api=api,
        level=level,
        title=title,
        statement="statement",
        source=Source("document", "heading"),
        operations=(),
        needs=(),
        depends_on=depends_on,
    )
