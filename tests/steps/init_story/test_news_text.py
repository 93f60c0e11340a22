"""The text front end on a table of news text and its spoken form, written before the front end was run."""
# ruff: noqa: RUF001 -- dashes, quotes and signs are what a newsroom types.

import pytest

from steps.init_story.script import script_of


def spoken_form(text):
    return " ".join(word for sentence in script_of(text).sentences for token in sentence for word in token.spoken)


MONEY = """
£250 | two hundred and fifty pounds
£1.5m | one point five million pounds
£48m tram | forty eight million pounds tram
£2bn | two billion pounds
£20k | twenty thousand pounds
$10K | ten thousand dollars
€3.7bn | three point seven billion euros
$1 | one dollar
$1,000,000 | one million dollars
$99.99 | ninety nine dollars and ninety nine cents
£9.99 | nine pounds ninety nine
€0.01 | one cent
¥500 | five hundred yen
A$20 | twenty australian dollars
a £5m grant | a five million pound grant
£1 million | one million pounds
$2.5 trillion | two point five trillion dollars
5p | five pence
-£3m | minus three million pounds
−£3m | minus three million pounds
£10-£15 | ten to fifteen pounds
£10–15 | ten to fifteen pounds
£3.5m–£4m | three point five to four million pounds
EUR20m | twenty million euros
USD5 million | five million u s dollars
20 GBP | twenty pounds
100 US$ | one hundred u s dollars
£1/day | one pound per day
£30/kg | thirty pounds per kilogram
""".strip().splitlines()

NUMBERS = """
10-12 | ten to twelve
10–12 people | ten to twelve people
3.14 | three point one four
0.5 | zero point five
.5 | point five
1,234,567 | one million two hundred and thirty four thousand five hundred and sixty seven
12,500 homes | twelve thousand five hundred homes
1/2 | one half
3/4 of | three quarters of
2/3 | two thirds
½ | a half
1½ | one and a half
1 1/2 hours | one and a half hours
¾ | three quarters
3-1 | three one
won 3-1 | won three one
beat Leeds 2-0 | beat leeds two nil
lost 0-3 | lost nil three
1-2 defeat | one two defeat
a 1-2 chance | a one to two chance
a 2–2 draw | a two two draw
6-4, 7-5 | six four seven five
5:1 | five to one
1st | first
2nd | second
33rd | thirty third
100th | one hundredth
3.5% | three point five percent
5-10% | five to ten percent
+3% | plus three percent
-4% | minus four percent
5 % | five percent
0.25 pc | zero point two five percent
2x | two times
10x faster | ten times faster
3 x 4 | three times four
3×4 | three times four
2+2=4 | two plus two equals four
~50 | about fifty
~£5m | about five million pounds
±5 | plus or minus five
10² | ten squared
No. 10 | number ten
Nos. 3 and 4 | numbers three and four
No 10 Downing Street | number ten downing street
#3 | number three
7m people | seven million people
15bn | fifteen billion
20,000-seat | twenty thousand seat
3-year-old | three year old
a 16-year-old | a sixteen year old
1-in-5 | one in five
999 people | nine hundred and ninety nine people
call 999 | call nine nine nine
100 | one hundred
§ 5 | section five
""".strip().splitlines()

DATES = """
3 May 2026 | the third of may twenty twenty six
3rd May 2026 | the third of may twenty twenty six
the 3rd of May | the third of may
May 3 | may third
May 3rd | may third
May 3, 2026 | may third twenty twenty six
03/05/2026 | three five twenty twenty six
2026-05-03 | the third of may twenty twenty six
3.5.2026 | three five twenty twenty six
Mon 3 May | monday the third of may
Sept. 11 | september eleventh
11 Sept 2001 | the eleventh of september two thousand and one
Jan. 6 | january sixth
6 Jan | the sixth of january
3-5 May | the third to the fifth of may
May 3-5 | may third to fifth
1990s | nineteen nineties
the '60s | the sixties
the 2010s | the twenty tens
2000s | two thousands
in 2000 | in two thousand
in 2007 | in two thousand and seven
2024/25 | twenty twenty four twenty five
2019-20 | twenty nineteen to twenty
1914-18 | nineteen fourteen to eighteen
2010-2015 | twenty ten to twenty fifteen
since 1066 | since ten sixty six
FY2025 | f y twenty twenty five
44 BC | forty four b c
AD 43 | a d forty three
Q3 | q three
the 19th century | the nineteenth century
I am | i am
on Sun 4 July | on sunday the fourth of july
the sun | the sun
mid-2025 | mid twenty twenty five
9/11 | nine eleven
24/7 | twenty four seven
""".strip().splitlines()

TIMES = """
7.30pm | seven thirty p m
7:30 pm | seven thirty p m
7pm | seven p m
19:30 | nineteen thirty
09:05 | nine oh five
00:30 | zero thirty
10 a.m. | ten a m
6-7pm | six to seven p m
9am-5pm | nine a m to five p m
9.30-10.15am | nine thirty to ten fifteen a m
12 noon | twelve noon
14:00 GMT | fourteen hundred g m t
in 3:45:10 | in three hours forty five minutes and ten seconds
1h 20m | one hour twenty minutes
30s | thirties
""".strip().splitlines()

UNITS = """
-4C | minus four c
-4°C | minus four degrees celsius
20°C | twenty degrees celsius
68°F | sixty eight degrees fahrenheit
20 °C | twenty degrees celsius
a 45° slope | a forty five degree slope
100km/h | one hundred kilometres per hour
100 km/h | one hundred kilometres per hour
70mph | seventy miles per hour
5kg | five kilograms
12 m² | twelve square metres
5km² | five square kilometres
3 m³ | three cubic metres
10m people | ten million people
a 10m pool | a ten metre pool
50m freestyle | fifty metres freestyle
10 m | ten metres
4x4 | four by four
1.5 MW | one point five megawatts
600MW | six hundred megawatts
16GB | sixteen gigabytes
5 GHz | five gigahertz
250 ml | two hundred and fifty millilitres
6ft | six feet
6ft 2in | six feet two inches
5'11" | five foot eleven
2 lb | two pounds
10 CO2 tonnes | ten c o two tonnes
3.5t | three point five tonnes
50 µg | fifty micrograms
20 Mbps | twenty megabits per second
5 km | five kilometres
1 km | one kilometre
5-10km | five to ten kilometres
40 mg/l | forty milligrams per litre
230V | two hundred and thirty volts
8in | eight inches
5 sq km | five square kilometres
""".strip().splitlines()

WORDS = """
Dr. Smith | doctor smith
Dr Smith | doctor smith
St. Paul's | saint paul's
St Andrews | saint andrews
Main St. | main street
Mr Jones | mister jones
Mrs. Jones | missus jones
Rev. Green | reverend green
Prof Lee | professor lee
e.g. this | for example this
i.e. that | that is that
etc. | et cetera
A vs. B | a versus b
Leeds v Hull | leeds versus hull
NHS | n h s
BBC's | b b c's
the BBC. | the b b c
NATO | nato
UNICEF | unicef
Unesco | unesco
MPs | m p's
MPs' pay | m p's pay
PCs | p c's
CEO | c e o
A&E | a and e
R&D | r and d
M&S | m and s
Q&A | q and a
P&O | p and o
UK | u k
US-led | u s led
EU-wide | e u wide
COVID-19 | covid nineteen
Covid-19 | covid nineteen
G7 | g seven
G20 | g twenty
5G | five g
M25 | m twenty five
A303 | a three oh three
B12 | b twelve
F-16 | f sixteen
Boeing 737 | boeing seven three seven
WW2 | w w two
U2 | u two
H5N1 | h five n one
MI5 | m i five
PS5 | p s five
iPhone 15 | iphone fifteen
TikTok | tiktok
YouTube | youtube
eBay | ebay
McDonald's | mcdonald's
Henry VIII | henry the eighth
Elizabeth II | elizabeth the second
Charles III's | charles the third's
World War I | world war one
World War II | world war two
Super Bowl LVIII | super bowl fifty eight
Act V | act five
Pope Leo XIV | pope leo the fourteenth
Type II | type two
#BackThePark | hashtag back the park
@BBCNews | at b b c news
@harwick_council | at harwick underscore council
info@harwick.gov.uk | info at harwick dot gov dot u k
www.bbc.co.uk | w w w dot bbc dot co dot u k
https://example.com/news | example dot com slash news
gov.uk | gov dot u k
and/or | and or
men & women | men and women
he/she | he slash she
café | cafe
Zürich | zurich
François | francois
naïve | naive
São Paulo | sao paulo
Łódź | lodz
Malmö | malmo
Gdańsk | gdansk
Erdoğan | erdogan
Þór | thor
Bjørn | bjorn
O'Brien | o'brien
“don’t” | don't
rock 'n' roll | rock n roll
the Joneses' house | the joneses house
well-known | well known
ex-PM | ex p m
non-UK | non u k
c/o | care of
w/o | without
T-shirt | t shirt
x-ray | x ray
J.K. Rowling | j k rowling
J. R. R. Tolkien | j r r tolkien
Washington, D.C. | washington d c
Ph.D. | p h d
PhD | p h d
Ltd. | limited
Inc. | incorporated
OK | o k
TV | t v
AI | a i
IT | i t
WHO | w h o
IMF | i m f
SMEs | s m e's
FIFA | fifa
GCSEs | g c s e's
LGBTQ+ | l g b t q plus
NHS-funded | n h s funded
Airbus A380 | airbus a three eighty
(laughs) | laughs
Yes! | yes
“Stop,” | stop
word—word | word word
Brand™ | brand
© 2025 | copyright twenty twenty five
020 7946 0018 | zero two zero seven nine four six zero zero one eight
+44 20 7946 0018 | plus four four two zero seven nine four six zero zero one eight
0800 123 456 | zero eight zero zero one two three four five six
Flight BA117 | flight b a one one seven
Highway 61 | highway sixty one
Apollo 11 | apollo eleven
Windows 11 | windows eleven
Group of 7 | group of seven
""".strip().splitlines()


def cases(lines):
    return [tuple(part.strip() for part in line.split(" | ")) for line in lines]


TABLE = [case for table in (MONEY, NUMBERS, DATES, TIMES, UNITS, WORDS) for case in cases(table)]


@pytest.mark.parametrize(("written", "spoken"), TABLE)
def test_news_text_has_its_spoken_form(written, spoken):
    assert spoken_form(written) == spoken


def test_the_table_is_large():
    assert len(dict(TABLE)) >= 150
