"""The rules of validation: those of the GraphQL specification, then those of strawberry's own input types."""

from graphql import DocumentNode, ExecutableDefinitionNode, OperationDefinitionNode
from graphql.validation import ASTValidationRule, specified_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule


class OneOfRule(OneOfInputValidationRule):
    """Exactly one key, not null, in a @oneOf input.

    strawberry's rule learns the variables when it meets the operation, and so stumbles over a fragment that comes
    first. This one learns them when it meets the document, which has one operation only.
    """

    def enter_document(self, node: DocumentNode, *_args: object) -> None:
        self.variable_definitions = {
            variable.variable.name.value: variable
            for definition in node.definitions
            if isinstance(definition, OperationDefinitionNode)
            for variable in definition.variable_definitions or ()
        }

    def enter_operation_definition(self, node: ExecutableDefinitionNode, *_args: object) -> None:
        pass


STANDARD_RULES: tuple[type[ASTValidationRule], ...] = tuple(specified_rules)

OWN_RULES: tuple[type[ASTValidationRule], ...] = (MaybeNullValidationRule, OneOfRule)
"""To be run over documents that the standard rules found valid, as they take names and types to be known."""
