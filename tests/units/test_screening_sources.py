"""Every format of lists, from small files in it; and files that mean harm."""

import io

import pytest

from apps.screening.sources import FORMATS
from apps.screening.sources.listed import Broken, Listed


def read(format: str, text: str) -> list[Listed]:
    return [one.tidy(category="SANCTIONS") for one in FORMATS[format](io.BytesIO(text.encode()))]


def names(one: Listed) -> list[tuple[str, str]]:
    return [(alias.text, alias.kind) for alias in one.names]


OFAC_CSV = (
    '36,"ZELVORN AIRLINES",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n'
    '2674,"KARVENOV, Oleksiy","individual","SDGT] [CYBER2",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,'
    '"DOB 08 Mar 1948; alt. DOB 1950; nationality Ukraine; Digital Currency Address - XBT '
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa; alt. Digital Currency Address - ETH "
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed; (a.k.a. 'BIG OLEK').\"\n"
    '15036,"ZELVORN STAR","vessel","IRAN",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n'
    "\x1a\n"
)


def test_ofacs_short_form() -> None:
    airline, person, ship = read("OFAC_CSV", OFAC_CSV)
    assert (airline.kind, names(airline), airline.programmes) == (
        "ORGANISATION",
        [("ZELVORN AIRLINES", "PRIMARY")],
        ["CUBA"],
    )
    assert names(person) == [("KARVENOV, Oleksiy", "PRIMARY"), ("BIG OLEK", "WEAK")]
    assert (person.kind, person.born, person.countries) == ("PERSON", ["1948", "1950"], ["UA"])
    assert person.programmes == ["SDGT", "CYBER2"]
    assert [(one.chain, one.text) for one in person.addresses] == [
        ("XBT", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("ETH", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ]
    assert ship.kind == "VESSEL"


def test_ofacs_aliases_may_follow() -> None:
    alias = '36,12,"aka","ZELVORN AIR",-0- \n'
    airline = read("OFAC_CSV", OFAC_CSV + alias)[0]
    assert names(airline)[1] == ("ZELVORN AIR", "ALIAS")


OFAC_ADVANCED = """<?xml version="1.0"?><Sanctions xmlns="http://example.org/ns">
<ReferenceValueSets>
 <PartyTypeValues><PartyType ID="1">Individual</PartyType><PartyType ID="2">Entity</PartyType>
 </PartyTypeValues>
 <PartySubTypeValues><PartySubType ID="4" PartyTypeID="1">Unknown</PartySubType>
 </PartySubTypeValues>
 <FeatureTypeValues><FeatureType ID="8">Birthdate</FeatureType>
  <FeatureType ID="344">Digital Currency Address - XBT</FeatureType>
  <FeatureType ID="10">Nationality Country</FeatureType></FeatureTypeValues>
 <CountryValues><Country ID="11082" ISO2="UA">Ukraine</Country></CountryValues>
</ReferenceValueSets>
<Locations><Location ID="5"><LocationCountry CountryID="11082"/></Location></Locations>
<DistinctParties><DistinctParty FixedRef="77"><Profile ID="77" PartySubTypeID="4">
 <Identity ID="1" FixedRef="77" Primary="true">
  <Alias FixedRef="77" AliasTypeID="1400" Primary="false" LowQuality="true"><DocumentedName>
   <DocumentedNamePart><NamePartValue>Olek</NamePartValue></DocumentedNamePart>
  </DocumentedName></Alias>
  <Alias FixedRef="77" AliasTypeID="1403" Primary="true" LowQuality="false"><DocumentedName>
   <DocumentedNamePart><NamePartValue>Karvenov</NamePartValue></DocumentedNamePart>
   <DocumentedNamePart><NamePartValue>Oleksiy</NamePartValue></DocumentedNamePart>
  </DocumentedName></Alias>
 </Identity>
 <Feature FeatureTypeID="8"><FeatureVersion><DatePeriod><Start><From><Year>1971</Year>
  <Month>3</Month><Day>4</Day></From></Start></DatePeriod></FeatureVersion></Feature>
 <Feature FeatureTypeID="344"><FeatureVersion>
  <VersionDetail DetailTypeID="1432">1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa</VersionDetail>
 </FeatureVersion></Feature>
 <Feature FeatureTypeID="10"><FeatureVersion><VersionLocation LocationID="5"/></FeatureVersion>
 </Feature>
</Profile></DistinctParty></DistinctParties>
<SanctionsEntries><SanctionsEntry ID="1" ProfileID="77"><SanctionsMeasure SanctionsTypeID="1">
 <Comment>CYBER2</Comment></SanctionsMeasure></SanctionsEntry></SanctionsEntries>
</Sanctions>"""


def test_ofacs_advanced_form() -> None:
    (one,) = read("OFAC_ADVANCED", OFAC_ADVANCED)
    assert (one.ref, one.kind) == ("77", "PERSON")
    assert names(one) == [("Karvenov Oleksiy", "PRIMARY"), ("Olek", "WEAK")]
    assert (one.born, one.countries, one.programmes) == (["1971-03-04"], ["UA"], ["CYBER2"])
    assert [(a.chain, a.text) for a in one.addresses] == [
        ("XBT", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    ]


def test_the_uns_list() -> None:
    person, group = read(
        "UN",
        """<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>69</DATAID>
        <FIRST_NAME>Haitham</FIRST_NAME><SECOND_NAME>Al-Qarmazi</SECOND_NAME>
        <UN_LIST_TYPE>Al-Qaida</UN_LIST_TYPE><REFERENCE_NUMBER>QDi.1</REFERENCE_NUMBER>
        <NAME_ORIGINAL_SCRIPT>هيثم القرمزي</NAME_ORIGINAL_SCRIPT>
        <NATIONALITY><VALUE>Syrian Arab Republic</VALUE></NATIONALITY>
        <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Abu Q</ALIAS_NAME></INDIVIDUAL_ALIAS>
        <INDIVIDUAL_DATE_OF_BIRTH><FROM_YEAR>1965</FROM_YEAR><TO_YEAR>1967</TO_YEAR>
        </INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL></INDIVIDUALS>
        <ENTITIES><ENTITY><DATAID>7</DATAID><FIRST_NAME>Zelvorn Front</FIRST_NAME>
        <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>ZF</ALIAS_NAME></ENTITY_ALIAS>
        </ENTITY></ENTITIES></CONSOLIDATED_LIST>""",
    )
    assert names(person) == [
        ("Haitham Al-Qarmazi", "PRIMARY"),
        ("هيثم القرمزي", "ALIAS"),
        ("Abu Q", "WEAK"),
    ]
    assert (person.ref, person.born, person.countries) == ("QDi.1", ["1965", "1967"], ["SY"])
    assert (group.ref, group.kind, names(group)[1]) == ("7", "ORGANISATION", ("ZF", "ALIAS"))


def test_the_eus_list() -> None:
    (one,) = read(
        "EU",
        """<export xmlns="http://eu.europa.ec/fpi/fsd/export"><sanctionEntity logicalId="13"
        euReferenceNumber="EU.27.28"><regulation programme="UKR"/><subjectType code="person"
        classificationCode="P"/><nameAlias wholeName="Oleksiy Karvenov" strong="true"/>
        <nameAlias firstName="Olek" lastName="K" wholeName="" strong="false"/>
        <citizenship countryIso2Code="UA"/><citizenship countryIso2Code="00"/>
        <birthdate birthdate="1971-03-04" year="1971"/><birthdate year="1972"/>
        </sanctionEntity></export>""",
    )
    assert names(one) == [("Oleksiy Karvenov", "PRIMARY"), ("Olek K", "WEAK")]
    assert (one.ref, one.kind, one.programmes) == ("EU.27.28", "PERSON", ["UKR"])
    assert (one.born, one.countries) == (["1971-03-04", "1972"], ["UA"])


def test_the_uks_list_puts_the_rows_of_a_target_together() -> None:
    (one,) = read(
        "UK",
        "Last Updated,09/03/2026\n"
        "Name 6,Name 1,Name 2,Name Non-Latin Script,DOB,Nationality,Group Type,Alias Type,"
        "Alias Quality,Regime,Group ID\n"
        "Karvenov,Olek,,,04/03/1971,Ukraine,Individual,AKA,Low quality,Russia,12\n"
        "Karvenov,Oleksiy,P,Карвенов,00/00/1972,Ukraine,Individual,Primary name,,Russia,12\n",
    )
    assert names(one)[0] == ("Oleksiy P Karvenov", "PRIMARY")
    assert set(names(one)[1:]) == {("Olek Karvenov", "WEAK"), ("Карвенов", "ALIAS")}
    assert (one.born, one.countries, one.programmes) == (["1971-03-04", "1972"], ["UA"], ["Russia"])


@pytest.mark.parametrize(
    "text",
    [
        '["0xaa11", "0xbb22"]',
        '{"0xaa11": "2022-05-31", "0xbb22": ""}',
        '{"x.io": ["0xaa11", "0xbb22"]}',
    ],
)
def test_addresses_in_json(text: str) -> None:
    assert [one.addresses[0].text for one in read("ADDRESSES", text)] == ["0xaa11", "0xbb22"]


def test_a_tagpack_says_who_is_blamed_and_who_is_only_named() -> None:
    exchange, thief, listed = read(
        "TAGPACK",
        "title: t\ncreator: c\nlabel: Zelvorn\ncurrency: BTC\ntags:\n"
        "- {address: aa11, category: exchange}\n- {address: bb22, abuse: scam, label: Thief}\n"
        "- {address: cc33, abuse: sanction}\n",
    )
    assert [one.category for one in (exchange, thief, listed)] == ["LABEL", "SCAM", "SANCTIONS"]
    assert (thief.programmes, exchange.addresses[0].chain) == (["scam: Thief"], "BTC")


def test_csv_of_others_and_of_our_own() -> None:
    (one,) = read("CSV", "banned_address,wallet_tag,data_source\n0xaa11,Fake_Phishing1,x\n")
    assert (one.addresses[0].text, one.programmes, one.kind) == (
        "0xaa11",
        ["Fake_Phishing1"],
        "ADDRESS",
    )
    (person,) = read("CSV", "ref,name,aliases,born,country\n1,Brenwick,Tolly;Bren,1980,GB\n")
    assert [alias.text for alias in person.names] == ["Brenwick", "Tolly", "Bren"]
    assert (person.kind, person.born, person.countries) == ("PERSON", ["1980"], ["GB"])


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    "]><CONSOLIDATED_LIST><INDIVIDUAL><FIRST_NAME>&b;</FIRST_NAME></INDIVIDUAL></CONSOLIDATED_LIST>"
)
FETCHES = BOMB.replace('<!ENTITY a "aaaaaaaaaa">', '<!ENTITY a SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("UN", BOMB),
        ("UN", FETCHES),
        ("EU", BOMB),
        ("OFAC_ADVANCED", BOMB),
        ("OFAC_ADVANCED", "<Sanctions/>"),
        ("UN", "<CONSOLIDATED_LIST><INDIVIDUALS>"),
        ("EU", "no XML at all"),
        ("OFAC_CSV", "1,2,3\n"),
        ("UK", "Name,Address\n"),
        ("ADDRESSES", "[1, 2, 3]"),
        ("ADDRESSES", "7"),
        ("ADDRESSES", "[" * 100_000),
        ("ADDRESSES", '["0xaa'),
        ("TAGPACK", "tags: 7"),
        ("TAGPACK", "a: [unclosed"),
        ("TAGPACK", "!!python/object/apply:os.system ['true']"),
        ("CSV", "price,quantity\n1,2\n"),
        ("CSV", "name\n---\n"),
    ],
)
def test_what_is_broken_or_means_harm_is_refused(format: str, text: str) -> None:
    with pytest.raises(Broken) as broken:
        read(format, text)
    assert str(broken.value).endswith(".")
