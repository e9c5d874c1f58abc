from engine.batch import Summary as Summary
from engine.batch import evaluate as evaluate
from engine.cases import Case as Case
from engine.cases import run_cases as run_cases
from engine.decision import Decision as Decision
from engine.decision import decide as decide
from engine.decision import shown as shown
from engine.explanation import Explanation as Explanation
from engine.explanation import explain as explain
from engine.loading import check_questions as check_questions
from engine.loading import examine as examine
from engine.loading import find_policies as find_policies
from engine.loading import find_year as find_year
from engine.loading import language_of as language_of
from engine.loading import load as load
from engine.loading import years as years
from engine.messages import choose_language as choose_language
from engine.messages import say as say
from engine.page import page as page
from engine.policy import Policy as Policy
from engine.rows import explain_row as explain_row
from engine.source import Place as Place
from engine.source import PolicyError as PolicyError
from engine.source import Problem as Problem
from engine.source import width as width
from engine.tables import Record as Record
from engine.tables import TableError as TableError
from engine.tables.intake import HouseholdError as HouseholdError
from engine.template import create_template as create_template

__version__: str
__all__: list[str]
