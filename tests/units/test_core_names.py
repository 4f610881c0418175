"""Two spellings of one name are alike; two persons are not, however near their names."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.names.similarity import ALIKE, similarity

ONE_PERSON = [
    ("John A. Smith", "Smith John"),
    ("John Smith", "JOHN  SMITH"),
    ("Mr. John Smith", "smith, john"),
    ("John Albert Smith", "John Smith"),
    ("John A. Smith", "John Albert Smith"),
    ("Jonh Smith", "John Smith"),
    ("John Smiht", "John Smith"),
    ("Alexander Petrov", "Alexandr Petrov"),
    ("Müller Jürgen", "MUELLER JUERGEN"),
    ("Müller Jürgen", "Muller Jurgen"),
    ("Шевченко Сергей", "Sergey Shevchenko"),
    ("Шевченко Сергій", "Serhii Shevchenko"),
    ("Иванов Дмитрий Сергеевич", "Dmitry Ivanov"),
    ("Юлия Щукина", "Yulia Shchukina"),
    ("Юлия Щукина", "Julia Schukina"),
    ("Фёдор Семёнов", "Fedor Semenov"),
    ("Фёдор Семёнов", "Fyodor Semyonov"),
    ("Анна Иванова", "Anna Ivanov"),
    ("Михаил Хабаров", "Mikhail Khabarov"),
    ("Ševčenko Tomáš", "Shevchenko Tomas"),
    ("张伟", "Zhang Wei"),
    ("张伟", "WEI ZHANG"),
    ("張偉", "张伟"),
    ("张小明", "Xiaoming Zhang"),
    ("张小明", "ZHANG XIAO MING"),
    ("张小明", "Zhangxiaoming"),
    ("曾国强", "Zeng Guoqiang"),
    ("吕小红", "Lyu Xiaohong"),
    ("张伟先生", "张伟"),
    ("محمد أحمد", "Mohammed Ahmed"),
    ("محمد أحمد", "Ahmad Muhammad"),
    ("حسين علي", "Ali Hussein"),
    ("حسن علي", "Hassan Ali"),
    ("خالد المنصوري", "Khalid Al-Mansoori"),
    ("خالد المنصوري", "Khaled Almansouri"),
    ("عبد الله يوسف", "Abdullah Youssef"),
    ("عبدالرحمن سالم", "Abdul Rahman Salem"),
    ("Muhammad Hassan", "Mohamed Hassan"),
    ("Παπαδόπουλος Γιώργος", "Giorgos Papadopoulos"),
    ("Χρήστος Νικολάου", "Christos Nikolaou"),
    ("김민수", "Kim Min-su"),
    ("김민수", "Minsoo Kim"),
    ("이영희", "Lee Young-hee"),
    ("Seán O'Brien", "SEAN OBRIEN"),
    ("Jean-Pierre Dupont", "Dupont Jean Pierre"),
    ("Jeanpierre Dupont", "Dupont Jean Pierre"),
    ("Maria José da Silva Santos", "Maria Silva"),
    ("Ludwig van Beethoven", "Beethoven Ludwig"),
    ("Nguyễn Văn Đức", "NGUYEN VAN DUC"),
    ("Suharto", "SUHARTO"),
    ("Acme Trading GmbH", "ACME TRADING Gesellschaft mit beschränkter Haftung"),
    ("Acme Trading Ltd.", "Acme Trading Limited"),
    ("Acme Trading Co., Ltd", "ACME TRADING LLC"),
    ("深圳市华强科技有限公司", "深圳市华强科技股份有限公司"),
    ("ООО Ромашка", "Romashka OOO"),
    ("João Gonçalves", "JOAO GONCALVES"),
    ("Łukasz Kowalski", "Lukasz Kowalski"),
    ("Кристина Петрова", "Christina Petrova"),
    ("Kristina Petrova", "Cristina Petrova"),
    ("Mehmet Işık", "MEHMET ISIK"),
    ("कुमार राहुल", "Rahul Kumar"),
]
TWO_PERSONS = [
    ("John Smith", "Jane Smith"),
    ("John Smith", "John Miller"),
    ("John Smith", "Mary Jones"),
    ("John Smith", "John"),
    ("J Smith", "John Smith"),
    ("J. A. Smith", "John Albert Smith"),
    ("John A Smith", "John B Smith"),
    ("John Albert Smith", "John Bernard Smith"),
    ("John Smith Jr", "John Smith Sr"),
    ("Mario Rossi", "Maria Rossi"),
    ("Alexander Petrov", "Alexandra Petrova"),
    ("Daniel Kim", "Daniela Kim"),
    ("Maria Silva", "Marta Silva"),
    ("Alina Popova", "Arina Popova"),
    ("张伟", "章伟"),
    ("张伟", "张玮"),
    ("张伟", "李伟"),
    ("李伟", "李伟民"),
    ("李伟", "Li Weimin"),
    ("李伟", "Li Wei Min"),
    ("陈伟", "Cheng Wei"),
    ("张伟", "Wang Wei"),
    ("حسن علي", "Hussein Ali"),
    ("حسين علي", "Hassan Ali"),
    ("محمد أحمد", "Mahmoud Ahmed"),
    ("محمد أحمد", "Mohammed Ali"),
    ("Иванов Сергей", "Иванов Андрей"),
    ("Иванов Сергей", "Petrov Sergey"),
    ("Γιώργος Παπαδόπουλος", "Nikos Papadopoulos"),
    ("김민수", "김민지"),
    ("김민수", "Park Minsu"),
    ("Acme Trading GmbH", "Acme Mining GmbH"),
    ("John Smith", "John Smith Ltd"),
    ("深圳市华强科技有限公司", "深圳市华北贸易有限公司"),
    ("Anna Sá", "Anna Silva"),
    ("Jonh Smiht", "John Smith"),
    ("Karina Popova", "Marina Popova"),
    ("John Smith", ""),
    ("...", "John Smith"),
    ("田中太郎", "鈴木太郎"),
]
NAMES = sorted({name for pair in ONE_PERSON + TWO_PERSONS for name in pair})


@pytest.mark.parametrize(("verified", "payer"), ONE_PERSON)
def test_spellings_of_one_name_are_alike(verified: str, payer: str) -> None:
    assert similarity(verified, payer) >= ALIKE


@pytest.mark.parametrize(("verified", "payer"), TWO_PERSONS)
def test_two_persons_are_not(verified: str, payer: str) -> None:
    assert similarity(verified, payer) < ALIKE


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("", "...")])
def test_a_name_is_wholly_like_itself(name: str) -> None:
    assert similarity(name, name) == 1


def test_asking_the_other_way_round_answers_the_same() -> None:
    for one, other in itertools.combinations(NAMES, 2):
        assert similarity(one, other) == similarity(other, one), (one, other)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_an_answer(one: str, other: str) -> None:
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1


@pytest.mark.parametrize("letter", ["ع", "ا", "a", "a ", "张", "김", "ß", "."])
def test_a_name_without_end_is_compared_by_its_beginning(letter: str) -> None:
    assert similarity(letter * 100_000, "b" + "a" * 100_000) < ALIKE


def test_what_differs_less_is_not_less_alike() -> None:
    assert (
        similarity("John Smith", "John Smith")
        > similarity("John Smith", "Jonh Smith")
        > similarity("John Smith", "J Smith")
        > similarity("John Smith", "Jane Smith")
        > similarity("John Smith", "Peter Brown")
    )
