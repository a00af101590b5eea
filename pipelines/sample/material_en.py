# ruff: noqa: E501  (one sentence pattern a line, so that a writer can read them as prose)
"""English sentence patterns that fit any topic, and the words that fill them. Written for this project.

`[a|b|c]` picks one alternative where it stands. `{slot}` takes a filler: of the document (town, name, last, other,
year, he, his, him: the same throughout), of the topic (people, activity, trouble, gain, place) or of `SLOTS`.
Alternatives are kept dense so that two documents which use the same pattern share few runs of five words.
"""

TOWNS = "Marlow Bridge|Ashcombe|Little Fenwick|Harrowgate Mills|Port Ellery|Stonebeck|Wexley|Calder Hill|Brannoch|Oakhurst|Saltmere|Thornaby Green|Lower Kestrel|Pennywell|Dunmore Bay|Eastling|Foxcote|Greyfield|Holt Vale|Ivybridge Cross|Juniper Falls|Kingsmere|Larchfield|Millbrook|Northam Quay|Orchard End|Pinewater|Quarry Heath|Redmarsh|Silverton Lea|Tamar Ridge|Upper Dale|Vinesworth|Whitcombe|Yarrow Point"

FIRST = {
    "f": "Margaret|Eleanor|Ruth|Hannah|Priya|Amina|Clara|Joan|Beatrice|Naomi|Olivia|Grace|Sylvia|Fiona|Teresa|Mei|Agnes|Lydia|Rosa|Harriet",
    "m": "Thomas|Daniel|George|Samuel|Arthur|Ravi|Omar|Peter|Walter|Hugh|Edwin|Marcus|Julian|Victor|Leon|Patrick|Owen|Felix|Simon|Isaac",
}
LAST = "Ellison|Hargreaves|Whitlock|Pemberton|Okafor|Lindqvist|Marsh|Doyle|Kapoor|Castellan|Fairweather|Bright|Holloway|Tanner|Osborne|Quill|Redfern|Sato|Thackeray|Underhill|Voss|Winslow|Yates|Abbott|Barrow|Crane|Draper|Everett|Fowler|Garrick"

SLOTS = {
    "month": "January|February|March|April|May|June|July|August|September|October|November|December",
    "season": "spring|summer|autumn|winter",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "few": "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    "some": "fourteen|fifteen|eighteen|twenty|twenty-two|twenty-five|thirty|thirty-six|forty|forty-five|fifty|sixty|seventy|eighty|ninety",
    "hundreds": "120|150|180|210|240|260|300|340|380|420|450|480|520|560|600|640|700|750|830|900",
    "percent": "8|11|13|15|17|19|21|24|26|28|31|34|37|40|43|46|52|58",
    "job": "retired postman|schoolteacher|nurse|young electrician|former miner|bus driver|pharmacist|carpenter|part-time accountant|fisherman|student|civil engineer|shopkeeper|translator|midwife|plumber|farmer|piano tuner|graphic designer|firefighter",
    "kin": "grandmother|grandfather|older brother|younger sister|aunt|uncle|mother|father|cousin|neighbour|godmother|godfather|first teacher|oldest friend|niece",
    "paper": "the county newspaper|a regional radio programme|the parish newsletter|a small magazine|the evening news|a student website|a weekly column|the town's own bulletin|a visiting reporter|the hospital radio",
    "body": "the town council|a local trust|the county office|the residents' association|the lottery fund|a group of volunteers|the regional college|the parish meeting|the chamber of trade|a family foundation|the water company|the health board|the rotary club|the planning committee|the heritage office",
    "spot": "the market square|the old station|the church hall|the harbour wall|the post office|the railway bridge|the primary school|the war memorial|the corn exchange|the bus depot|the village green|the town clock|the canal lock|the swimming baths|the fire station",
    "age": "17|18|19|21|22|23|24|26|27|28|29|31|33|34|36",
    "ridge": "the ridge|the motorway|the forest|the estuary|the old coal line|the moor|the airfield|the county town|the reservoir|the national park",
    "year2": "1741|1768|1783|1799|1812|1826|1834|1847|1855|1863|1871|1889|1896|1904|1911",
    "his2": "their",
    "him2": "them",
    "feeling": "proud|relieved|nervous|curious|grateful|hopeful|impatient|surprised|cautious|cheerful|doubtful|content",
    "weather": "a week of steady rain|an unusually dry spell|the first hard frost|a mild and misty morning|three days of strong wind|a sudden thaw|a long heatwave|heavy snow on the hills|a cold bright weekend|a night of thunder|low cloud over the valley|a grey, windless afternoon",
    "food": "soup and bread|tea and scones|cold lemonade|potato pie|cheese sandwiches|apple cake|hot chocolate|rice and lentils|sausage rolls|ginger biscuits|plum jam on toast|a large pot of stew",
    "tool": "a borrowed ladder|a second-hand laptop|an old wooden table|a notebook and a pencil|a van with a leaking roof|a box of hand tools|a camera from the nineties|two folding chairs|a hand-drawn map|a kettle and a tin of biscuits|a phone with a cracked screen|a pair of rubber boots",
}

TITLES = """
[How|Why] {town} [took to|fell for|came back to|learned to love] {activity}
{activity}: [a year|a season|ten years|a long winter] in {town}
[Notes|Lessons|A letter|Three stories] from {place} in {town}
[What|Some of what] {name} [learned|knows|remembers] about {activity}
[The quiet|The slow|The unlikely|The second] [return|growth|life] of {place}
{town} [looks for|finds|argues about] {gain}
[A|One more] [morning|week|visit] with the {people} of {town}
[After|Living with|Beyond] {trouble}
"""

OPENINGS = """
[On a|On one] [cold|bright|damp|windy|quiet] {day} morning in {month}, {some} people [gathered|met|stood waiting] [outside|beside|near] {spot} in {town} to [talk about|learn about|try] {activity}.
[When|Soon after|The year that] {name} [moved to|came back to|settled in] {town} in {year}, [hardly anyone|only a handful of people|almost nobody] there [cared about|spoke of|had heard of] {activity}.
[Ask|Stop|Talk to] [anyone|any shopkeeper|a stranger] near {spot} in {town}, and [sooner or later|within a minute|before long] the [talk|conversation] will turn to {place}.
[For|Over] more than {some} years the {people} of {town} have [worked|argued|met] [in|at|around] {place}, [often|mostly|almost always] [without|with little] [pay|praise|notice].
{name}, [a|once a] {job} from {town}, [never meant|did not plan|had no wish] to [become|be known as] the person whom everyone [asks|calls|consults] about {activity}.
[Few|Not many] [places|towns] of its size have [done|tried] as much for {activity} as {town}, [a settlement|a place|a small town] of about {hundreds} [houses|families] [north|south|east|west] of {ridge}.
[It began|The story begins|Everything started] in {year} with {tool}, a {job} named {name} and [a simple|an odd|a rather stubborn] idea about {activity}.
[There is|You can still find] [a faded|a hand-painted|a small brass] sign near {spot} in {town} that [tells|reminds] visitors how {trouble} [changed|nearly ended|shaped] the life of the {people}.
"""

GENERAL = """
{last} [said|recalled|explained] that the [first|early|first few] [months|years|weeks] were [hard|lonely|slow|full of mistakes], [mostly|chiefly|partly] because of {trouble}.
["We did not|"Nobody could|"I could hardly] [expect|imagine|hope for] {gain} [so soon|at all|in a single year]," {last} [told|said to] {paper} [last|one] {season}.
[By|Before] the end of {month} the [group|club|small team] had grown to {some} [members|people|regulars], and {few} of them [came|travelled] from [other towns|the far side of the valley|across the river] every week.
The [cost|price|bill], about {hundreds} pounds, was [shared|paid|covered] by {body} and [by|through] [small gifts|a raffle|a summer fair|the sale of old books].
[According to|In the words of|As reported by] {paper}, [nearly|roughly|about] {percent} percent of [the households|adults|families] in {town} have [tried|taken part in|asked about] {activity} [at least once|since {year}].
{other}, [who is|now] a {job}, [keeps|kept] a [careful|daily|private] record of {trouble}, with [dates|notes|small drawings] [in the margin|on every page].
Not everyone [was|felt] {feeling}: [several|a few|some of the older] {people} [feared|warned|complained] that {activity} would [bring|mean|lead to] [more noise|extra traffic|higher rents|needless rules].
[During|After|Through] {weather}, the {people} [went on|kept going|carried on] with {activity}, [sheltering|taking turns|warming their hands] [under|behind|beside] [a tarpaulin|the porch|an old lorry].
[The|A] second [meeting|session|open day] was held [in|at] {place}, where {body} [offered|provided|served] {food} and [answered|listened to] [questions|complaints|ideas] [until dark|for two hours|all afternoon].
{last} [learned|picked up|inherited] most of what {he} knows from {his} {kin}, who [believed|used to say|insisted] that {activity} [asks for|rewards|teaches] patience [more than|rather than] [strength|talent|money].
[It is|It was] [easy|tempting|natural] to think that {gain} can [come|arrive|happen] by [luck|chance|accident], but the [figures|records|notes] from {town} [suggest|show|tell us] otherwise.
[In|Back in] {year} there were only {few} {people} [left|at work|on the list]; today the [number|total|count] is [closer to|nearer|above] {some}.
[The best|A good|The only real] [time|moment] for {activity}, in {other}'s [view|opinion|experience], is [early|late] in {month}, [just before|right after|during] {weather}.
[Children|Teenagers|Pupils] from [the primary school|two nearby schools|the college] now visit {place} [twice|three times|once] [a term|a month|a year], and [some of them|many|a few] [return|come back] with [their parents|friends|younger brothers].
A [survey|study|short report] [by|from] {body} put {gain} down as [the main|the second most common|a frequent] reason for [joining|staying|coming back].
[What|The thing that] [surprised|struck|puzzled] {last} [most|above all] was not {trouble} but the [silence|laughter|arguments|kindness] that [followed|came after|went with] it.
[Money|Funding|Cash] [remains|is still|has always been] [short|uncertain|a worry], and {body} has [promised|agreed] to [review|discuss|settle] the [matter|question] in {month}.
{other} [disagrees|is less certain|takes another view]: {activity}, {otherhe} [argues|thinks|points out], [matters|counts] only when [ordinary people|neighbours|beginners] can [afford|join|enjoy] it.
[Every|Each] {day} [evening|morning] [three or four|five or six|eight or nine|ten or twelve] {people} [meet|gather|sit down] [near|opposite|behind] {spot} with {tool} and [plenty of|very little|just enough] [time|hope|advice].
[At first|To begin with|In those days], [the neighbours|people on the street|local drivers] [laughed at|ignored|did not notice] the {people}, but {gain} [changed|softened] [many|a few|most] minds.
[Experts|Researchers|Two visiting engineers] from [the university|a nearby institute|the county] have [measured|looked at|written about] {place} [since|from] {year}, and their [results|findings] are [mixed|encouraging|easy to read].
The [lesson|point|moral], if there is one, is that {trouble} will [rarely|seldom|almost never] [come|arrive] alone, and that [preparing|planning|saving] for it [costs less|takes less time] than [repairing|regretting|explaining] the [damage|loss].
One {day}, {name} [opened|unlocked] the [door|gate|cupboard] and [found|discovered] {few} [letters|parcels|notes] from people who [wanted|hoped|were eager] to [help|join in|learn more].
[Visitors|Newcomers|Guests] are [asked|invited|told] to bring [warm clothes|sensible shoes|a cup|their own lunch], since {place} has [no heating|only one bench|a single tap|no shop].
[Last|The previous] {season} the {people} [raised|collected|saved] {hundreds} pounds for [new equipment|the roof|a better door|safer lighting] by selling {food}.
[Although|While|Even though] {body} [once|at one time] [wanted|planned|hoped] to [close|sell|move] {place}, the [idea|plan|scheme] was [dropped|put aside|quietly forgotten] after {some} [letters|angry calls|signatures].
[To|For] a [beginner|newcomer|child], {activity} [can look|may seem|often feels] [complicated|slow|dull|impossible], yet [most|nearly all] [learn|manage] the [basics|first steps] within {few} [weeks|lessons|afternoons].
[There were|Of course there were|The diary also mentions] [failures|bad days|setbacks]: {trouble} in {month}, {weather}, and [a broken|a lost|a stolen] [key|pump|window|trailer].
{last}'s {kin} [still|sometimes] [laughs|smiles|shakes a head] at the [memory|thought|story] of {activity} [beside|behind|within sight of] {spot} with [nothing but|only] {tool}.
[In|Just inside] the [hall|back room|kitchen], a [map|chart|photograph] on the wall [shows|marks] where {place} [stood|was] in {year} and how [far|quickly|little] the rest of the town has [moved|changed] [since|since then].
[Perhaps|Maybe] the [greatest|clearest|most useful] [change|gain] has been in [confidence|habit|trust]: {people} who [once kept|once stayed|used to stay|used to keep] apart now [share|lend|trade] [tools|advice|rides|keys] [without|with hardly] a [thought|word].
[A|One] {job} [from|in] {town} [wrote|admitted|joked] that {activity} had [saved|cost|given] {him2} [more|a good deal more] than [any|the usual] [holiday|doctor|gym] [could|ever did].
[The rules|Their rules|House rules] are [few|short|simple]: [arrive on time|be kind|ask first], [clean up|lock the gate|wash your cup], and never [blame|mock|scold] anyone for {trouble}.
[Next|The following] {month}, {name} and {other} [will|plan to|hope to] [travel|drive|take the train] to [the coast|the capital|the next county] to [compare|exchange] [notes|methods] with other {people}.
[Looking|Thinking] back, {other} [believes|is sure|suspects] that the [turning point|real start|hardest part] came in {month}, when {weather} [forced|allowed|persuaded] everyone to [stop|slow down|start again].
It [takes|took] [about|roughly|nearly] {some} minutes to [walk|cycle|get] from {spot} to the [edge|far end] of the [parish|district], and on the way you [pass|see] [signs|traces|proof] of {gain}.
[Prices|Rents|Fees] in {town} have [risen|gone up|climbed] by {percent} percent [since|over the years since] {year}, which [worries|troubles] [younger|older|many] {people} [most|especially].
[Some|Plenty] of the [best|most useful|oldest] [advice|knowledge] about {activity} was never [written down|printed|taught in class]; it [passed|went] from [hand to hand|parent to child|one kitchen to the next].
[Here|In {town}], people [treat|see|discuss] {trouble} as [ordinary|part of the year|a fact of life], [much like|no worse than|in the same way as] {weather}.
{name} [smiled|paused|poured more tea] and [said|added]: "[Come back|Ask me again|Try it yourself] in {month}, and [you will|then you may] [see|understand|know] why {activity} [matters|is worth it|keeps me here]."
[A few|Several|Two] [members|families|volunteers] have [left|moved away|retired], [but|yet] [others|new faces|their children] [took|have taken] their [place|turn], and {place} is [rarely|hardly ever|never] empty [for long|on a {day}].
[Nobody|No one] [gets|becomes] rich from {activity}, [as|though] {last} [likes|is quick] to [admit|repeat|point out], [but|and yet] {gain} can [pay for|repay] [the effort|most of the trouble|everyone] [in other ways|over time].
[The|An early] [report|plan|draft], [only|just] {few} pages long, [listed|named|described] {some} [tasks|repairs|wishes], of which [about half|a third|nearly all] [are|were] [finished|done] by {month}.
[Safety|Health|Comfort] [was|is] [another|a further|one more] [concern|question]: after {trouble}, {body} [asked|required] that [gloves|bright jackets|first-aid kits|better lamps] be [kept|stored] [near|inside] {place}.
[From|Right through from] {season} to {season2}, the [work|programme|routine] [hardly|barely] [stops|changes]; {activity} [fills|takes up] the [mornings|weekends|long evenings], and [repairs|letters|meetings] the rest.
[Neighbouring|Other|Larger] towns have [copied|borrowed|studied] the [idea|approach|scheme], [though|but] without {gain} it [seldom|rarely] [lasted|survived] [beyond|longer than] a [year|winter|season].
I [spent|passed] {few} days in {town} [watching|following|helping] the {people}, and [left|came home] with [muddy boots|a full notebook|a mild cold] and a [deeper|new|lasting] respect for {activity}.
[If|Even if] {trouble} should [return|happen again|get worse], {other} [says|insists], the {people} [now|at least] [know|remember] [whom to call|what to do|where to start] and [which|what] [mistakes|promises] to [avoid|distrust].
[More than|Fewer than|Exactly] {hundreds} [visitors|people|guests] [came|signed the book] on the [first|last|busiest] day, [according to|by the count of] {other}, [some|a few] from as far as the [islands|border|northern hills].
[Old|Early] photographs [show|reveal] {place} [crowded|almost empty|covered in snow|hung with flags], with {people} [in heavy coats|in paper hats|leaning on shovels|holding up a cake] [in front|at the centre|to one side].
[None|Not much] of this [was|seemed] [obvious|certain|planned] in {year}, when {body} [gave|granted] {last} [a key|a small room|a year's trial] and [little|nothing] else.
[That|This] [kind|sort] of [care|attention|work] is [hard|not easy] to [measure|price|describe], but you can [hear|feel|see] it [whenever|each time] [somebody|a newcomer|an old friend] [mentions|asks about] {gain}.
[The youngest|One|The newest] of the {people}, a {job} of {age}, [joined|came along] [because|only because] {his2} {kin} [needed a lift|would not go alone|had a spare ticket] and has [stayed|come back|been there] ever since.
[Between|In the gap between] {month} and {month2}, when {town} is [quiet|half asleep|short of visitors], the {people} [turn|give their time] to [repairs|reading|planning|old quarrels].
[Many|Most|Some] of the [arguments|disputes|jokes] [concern|turn on|are about] the [right|proper|quickest] way of {activity}, and [both|all] sides [can|like to] [quote|cite|invoke] {last}.
"""

CLOSINGS = """
[For now|Until then|In the meantime], the [light|kettle|stove|radio] at {place} stays on, [and|while] the {people} of {town} [wait|get ready] for [another|the next] {season}.
{last} [locked|closed] the [door|gate], [looked|glanced] [up|back] once, and [walked|set off] [home|towards {spot}] [in|through] the [rain|last light|cold air].
Whether {gain} will [last|continue], [nobody|no one] can say, but {town} has [made|found] [its|a] [choice|start].
"There is [always|still] [more to do|another season to plan|something to mend]," {name} [said|laughed], [picking up|reaching for] {tool}.
[And so|So|In the end] the [story|work] goes on, [one|a] {day} at a time, with {activity} and [a little|a lot of|just enough] [stubbornness|good humour|luck].
[The|Their] next [meeting|open day] is [planned|set] for the [first|second|last] {day} in {month}, and [everyone|every beginner] is [welcome|invited].
"""
