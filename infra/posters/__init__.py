"""Posters for the counter: what they say, and how they are printed."""

from infra.posters.poster import Poster as Poster
from infra.posters.poster import Wording as Wording
from infra.posters.poster import of_program as of_program
from infra.posters.printing import Form as Form
from infra.posters.printing import LettersMissing as LettersMissing
from infra.posters.printing import LogoUnusable as LogoUnusable
from infra.posters.printing import Paper as Paper
from infra.posters.printing import printed as printed
