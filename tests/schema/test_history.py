from schema.phrases import REASONS


def test_no_reason_names_points_as_a_history_is_read_without_its_program() -> None:
    assert REASONS
    assert [code for code, sentence in REASONS.items() if sentence.names_points] == []
