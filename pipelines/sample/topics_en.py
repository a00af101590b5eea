# ruff: noqa: E501  (one sentence pattern a line, so that a writer can read them as prose)
"""Ten English topics: the people, activities, troubles, gains and places of each, and sentences only it can say."""

from pipelines.sample.topic import Topic

TOPICS_EN = (
    Topic(
        name="garden",
        people="gardeners|growers|allotment holders|volunteers|plot owners|seed savers",
        activity="pruning old apple trees|growing beans from saved seed|turning the compost|sowing broad beans early|digging out brambles|planting a hedge of hawthorn|raising tomatoes under glass|watering before sunrise|mulching with straw|grafting pears|keeping bees among the clover|dividing the rhubarb|mowing with a scythe|training roses along a wall|potting up seedlings|lifting the last potatoes",
        trouble="a late frost|the spring drought|an outbreak of blight|a plague of slugs|poor clay soil|the loss of the water tank|a storm that flattened the fences|clubroot in the cabbages|thieves in the tool shed|a broken greenhouse|the long wet summer|honey fungus under the plum trees",
        gain="a decent harvest|richer soil|the return of the bees|fresh vegetables for the food bank|a shared sense of purpose|cheaper meals|a garden full of birds|fruit for every family|better sleep and stronger arms|a waiting list for plots|the first ripe pears|shade on hot afternoons",
        place="the community garden|the walled orchard|the long greenhouse|the allotment field behind the mill|the potting shed|the herb border|the nursery by the brook|the old vegetable plot|the rose walk|the compost yard",
        patterns="""
[Tomatoes|Courgettes|Peppers] [need|want|like] [six hours of sun|warm nights|plenty of potash], while [lettuce|spinach|chard] will [grow|do well] in [half shade|a cool corner|poor light].
A [spadeful|bucket|barrow] of [well-rotted manure|leaf mould|garden compost] [dug in|forked in|spread] during {month} [improves|feeds|lightens] [clay|sandy soil|tired ground] [better than|more cheaply than] any [powder|bottle|bag] from the shop.
The [robins|blackbirds|wrens] [follow|watch] the fork, [waiting|hoping] for [worms|grubs|beetles], and [grow|become] [tame|bold] enough to [perch|land] on a [boot|handle|wheelbarrow].
[Seeds|Beans|Peas] [saved|kept] from the [strongest|earliest|sweetest] plants were [dried|stored] in [paper envelopes|jam jars|old tins] and [labelled|dated] in {last}'s [neat|tiny|careful] hand.
[Slugs|Pigeons|Rabbits] [took|ate|destroyed] [nearly half|a third|most] of the [young plants|seedlings|brassicas], so the [next|second] sowing went under [netting|fleece|cut plastic bottles].
[Rotating|Moving] the [crops|beds] [each|every] year [keeps|stops] [disease|pests] from [building up|settling in], a [habit|rule] that [monks|farmers|cottagers] [knew|followed] [centuries|long] before [chemistry|textbooks].
[Along|Beside] the south wall stand {few} [espaliered|ancient|twisted] pear trees, [planted|set] in {year} and [still|reliably] [heavy|loaded] with [fruit|blossom] [nearly every|every] {season}.
Water is [collected|caught] from the [roof|gutters] in {few} [barrels|tanks|old baths], [enough|sufficient] to [last|carry them] through [a fortnight|ten days] without [rain|a shower].
[Hoeing|Weeding] on a [dry|windy] [morning|day] [kills|finishes off] the [weeds|bindweed|chickweed] before [noon|lunch], [whereas|but] [wet|damp] soil [simply|only] [replants|revives] them.
A [single|small] hive can [produce|give] {some} [jars|pounds] of honey, [pale|dark|golden] from the [lime trees|clover|heather], [provided|if] the [bees|colony] [survive|survives] the winter.
The [soil|ground] here is [heavy|thin|stony], [sour|cold] in {month} and [hard|cracked] by {month2}, [yet|but] [potatoes|leeks|parsnips] seem [to thrive|happy] in it.
[Frost|Ice] [blackened|nipped] the [dahlias|runner beans|early potatoes] [overnight|before dawn], but the [roots|tubers] [recovered|sprouted again] once the [nights|days] [warmed|lengthened].
""",
    ),
    Topic(
        name="river",
        people="boat builders|lock keepers|bridge engineers|river wardens|anglers|ferry workers",
        activity="repairing the stone arches|clearing weed from the channel|measuring the water level|rebuilding the towpath|steering a narrowboat|restoring the wooden lock gates|counting the salmon|dredging the upper basin|inspecting the piers|rowing against the current|planting willows on the bank|driving piles into the mud|painting the iron railings|testing the water for nitrates|mapping the flood plain|salvaging sunken barges",
        trouble="the flood of last winter|a crack in the central pier|illegal dumping upstream|the collapse of the weir|rising river levels|silt in the lower channel|a chemical spill|the closing of the shipyard|a lorry too heavy for the bridge|rot in the oak beams|years of neglect|the drought that stranded the boats",
        gain="cleaner water|a bridge that can carry buses|the return of the otters|safer swimming|steady work for apprentices|a towpath open all year|lower insurance bills|boats on the canal again|a warning system that works|clear evidence for the inquiry|trout below the weir|a proper museum of the river",
        place="the old stone bridge|the canal basin|the lock house|the boatyard|the weir|the ferry landing|the towpath|the pumping station|the flood wall|the river museum",
        patterns="""
The [first|earliest|original] bridge was [built|made] of [oak|elm|rough timber] in the [twelfth|thirteenth|fourteenth] century and [swept away|burned|pulled down] at least {few} times [before|until] the [masons|monks|merchants] [turned to|chose] stone.
[Engineers|Surveyors|Divers] [found|discovered|reported] that the [foundations|footings] had [shifted|sunk] by {few} [centimetres|inches], [enough|sufficient] to [open|cause] [a long crack|gaps between the blocks] above the [northern|southern] arch.
In {year} the [river|water] [rose|climbed] [two|three|four|five] metres in [a single night|under ten hours], [flooding|filling] [cellars|kitchens|the lower street] and [carrying|washing] away [sheds|fences|a footbridge].
[Limestone|Granite|Sandstone] for the [repairs|new parapet|steps] came from [the same quarry|a quarry upstream|a demolished mill], [so that|which meant] the [colour|grain] [matched|agreed with] the [old|older] work.
[Barges|Narrowboats|Flat-bottomed boats] once [carried|brought] [coal|grain|salt|timber] as far as {spot}, and the [ropes|tow lines] [cut|wore] [deep grooves|smooth hollows] into the [iron|stone] [corners|bollards].
A [gauge|painted post|small sensor] [beneath|under|beside] the [second|middle] arch [sends|reports] the [depth|level] every {some} minutes to [a screen|a computer|a phone] in the lock house.
[Salmon|Eels|Sea trout] [cannot|could not] [climb|pass] the weir until a [fish ladder|sloping channel|bypass] was [opened|built], after which {hundreds} [were|had been] [counted|recorded] in one [season|autumn].
[Lime|Traditional] mortar [sets|hardens] [slowly|over weeks] but [lets|helps] the stone [breathe|dry], [whereas|while] cement [traps|holds] [damp|water] and [splits|breaks] the face [after|with] a few [hard|cold] winters.
The ferryman, a {job}'s [son|grandson], [charged|asked] [a penny|two coins|almost nothing] a crossing and [was said|claimed] never to have [lost|drowned] [a passenger|a sheep|so much as a hat].
[Each|Every] lock gate [weighs|comes to] about {few} tonnes and is [hung|balanced] so [finely|well] that a [child|single person] can [push|move] it [with|using] [a shoulder|one long beam].
[Upstream|Above the town], [meadows|water meadows|old gravel pits] are [allowed|meant] to [flood|fill] each winter, [holding|keeping] back [enough|so much] water that the [lower|older] streets [stay|remain] dry.
[Traffic|Carts|Lorries] over the bridge [reached|came to] {hundreds} vehicles [a day|each morning] by {year}, [far|well] [beyond|above] what its [builders|makers] had [imagined|allowed for].
""",
    ),
    Topic(
        name="bakery",
        people="bakers|millers|pastry cooks|home cooks|apprentices|café owners",
        activity="baking with wild yeast|milling local wheat|kneading dough by hand|shaping rye loaves|rolling out pastry|firing the brick oven|proving bread overnight|decorating honey cakes|writing down old recipes|roasting barley|folding butter into dough|boiling plum jam|grinding spices|weighing flour at four in the morning|stretching noodles|toasting seeds for the crust",
        trouble="the rising price of flour|a flour shortage|a cracked oven floor|a starter that would not rise|the power cut|an early mistake with the salt|the arrival of a supermarket|damp grain|a shortage of trained bakers|a fire in the chimney|mice in the grain store|a hard week of night shifts",
        gain="a better crust|bread that keeps for a week|longer queues at the door|healthy lunches for the school|a prize at the county fair|new jobs for school leavers|a smell that fills the street|lower waste|loyal customers|a cookbook of family recipes|softer dough in winter|the revival of the mill",
        place="the village bakery|the water mill|the brick oven behind the inn|the teaching kitchen|the Saturday bread stall|the flour store|the corner café|the school canteen|the tasting room|the old grain exchange",
        patterns="""
[Flour|Rye flour|Wholemeal flour], water, salt and [time|patience] are all that [a good loaf|sourdough|real bread] [needs|requires], although the [time|waiting] may [run|stretch] to [twelve|eighteen|twenty-four|thirty|forty] hours.
The oven, [lit|fired] with [beech|apple wood|ash logs] at [two|three|four] in the morning, [holds|keeps] its heat [until noon|for ten hours] and [bakes|finishes] {some} loaves at [once|a time].
[Too much|A little extra] yeast [makes|gives] bread that [rises|grows] [quickly|overnight] but [tastes|smells] [flat|sour|of beer], [whereas|while] a [slow|cold] [rise|proof] [brings out|develops] the [sweetness|flavour] of the [grain|wheat].
[Dough|Pastry] [behaves|works] differently in {month}: [warm|humid] air [softens|slackens] it, and {last} [cuts|reduces] the water by [a spoonful|a tenth|half a cup].
[Recipes|Instructions] from {his} {kin} [called|asked] for "[a pinch|a handful|enough]" of [salt|nutmeg|caraway], so {last} [weighed|measured] every [handful|pinch] [twice|for a month] and [wrote|noted] the [average|figures] down.
[Millstones|The stones] must be [dressed|recut] [once a year|every few months], a [job|task] that [takes|needs] a [steel|sharp] pick, a [steady|patient] hand and about {few} [days|evenings].
[Customers|Regulars] [begin|start] to [queue|line up] [before|at] seven for [rye|seeded bread|cinnamon buns|cheese rolls], and by [eleven|ten] the shelves [are|stand] [bare|empty].
[Butter|Cold butter] is [folded|pressed] into the dough {few} times, [chilled|rested] between [turns|folds], [until|so that] the [layers|sheets] are [thin as paper|too many to count].
[Unsold|Stale|Yesterday's] loaves become [breadcrumbs|bread pudding|soup thickener|toast for the day centre], so [almost nothing|very little] is [wasted|thrown away].
[Salt|A little salt] [tightens|strengthens] the dough and [slows|calms] the yeast; [without|lacking] it, the [crumb|loaf] [turns|comes out] [pale|grey], [bland|coarse] and [quick to stale|full of holes].
The [starter|sourdough culture], [nicknamed|called] [Old Henry|Gertrude|the Admiral], has been [fed|kept alive] since {year} and [travels|goes] on holiday in a [jar|biscuit tin] [wrapped|packed] in towels.
[Apprentices|Beginners] [spend|pass] their first [month|weeks] [sweeping|weighing|cutting] and [listening|watching], [because|since] a [baker's|good] ear [knows|can tell] from the [knock|hollow sound] when a loaf is [done|ready].
""",
    ),
    Topic(
        name="astronomy",
        people="stargazers|amateur astronomers|telescope makers|observers|night walkers|physics teachers",
        activity="watching the summer meteors|grinding a telescope mirror|mapping the craters of the moon|photographing distant galaxies|timing an eclipse|counting sunspots|hunting for comets|tracking satellites|measuring the darkness of the sky|teaching children the constellations|following the moons of Jupiter|recording the northern lights|observing double stars|building a small observatory|comparing variable stars|drawing the rings of Saturn",
        trouble="cloud on the night of the eclipse|glare from the new car park|dew on the lenses|a mirror that cracked in transit|bright street lamps|a fault in the dome motor|months of bad weather|the cost of good glass|cold fingers and flat batteries|smoke from distant fires|a drive that slipped|too many satellites",
        gain="darker skies|a sharp view of Saturn|a discovery worth reporting|better street lighting|a record of forty eclipses|children who know the planets|a published measurement|a telescope for every school|the first light of a new mirror|a quiet place to think|reliable star charts|a night that nobody forgot",
        place="the hilltop observatory|the school roof|the dark field beyond the farm|the small planetarium|the workshop with the grinding bench|the viewing platform|the old windmill|the science room|the moorland car park|the dome behind the college",
        patterns="""
[On a|On any] [clear|moonless] night about {hundreds} stars can be [counted|seen] with the [naked|unaided] eye from the [hill|moor], [compared with|against] [barely|only] {some} from [the city|the ring road].
[Light|The light] from the [Andromeda galaxy|nearest large galaxy] [left|set out] [more than|some] two million years ago, [long before|well before] [anyone|our ancestors] [could|learned to] [wonder|ask] about it.
[Saturn|Jupiter|Mars] [rises|climbs] [above|over] {spot} at [nine|ten|eleven] in {month}, [bright|steady] enough to be [mistaken|taken] for [an aeroplane|a lamp].
A [six-inch|eight-inch|ten-inch] mirror [takes|needs] about {some} hours of [grinding|polishing], and the [last|final] [touches|strokes] [remove|take off] less glass than the [thickness|width] of a [hair|soap film].
[Meteors|Shooting stars] are [mostly|usually] [grains|crumbs] of dust [no bigger|smaller] than [rice|sand], [burning|glowing] [ninety|about a hundred] kilometres [up|above our heads].
The [moon|crescent moon] [hides|covers] a [bright|faint] star [several|a few] times a year, and [timing|clocking] the [moment|instant] to a [tenth|fraction] of a second [helps|lets] astronomers [refine|check] its [orbit|path].
[Eyes|Human eyes] [need|take] [twenty|at least twenty] minutes to [adapt|adjust] to the dark, so [torches|lamps] are [covered|wrapped] with [red|crimson] [film|paper|cloth].
[Sunspots|Dark spots] [crossed|moved across] the disc in [about|under] a fortnight, and {last} [sketched|drew] each [one|group] on [thin|squared] paper, as [Galileo|observers] did [four|some four] centuries ago.
[Venus|The planet Venus] [shows|goes through] phases [like|just as] the moon does, a [fact|sight] that [once|in its time] [settled|decided] an [argument|old quarrel] about [the sun|our place in space].
[Shielded|Warmer|Dimmer] lamps [installed|fitted] by {body} [cut|reduced] the glow [above|over] the [valley|rooftops] by {percent} percent and [saved|spared] [electricity|money|moths] [as well|besides].
[A comet|The comet] [found|noticed] in {year} had a [tail|coma] [so faint|so thin] that it [appeared|showed] only on [long exposures|stacked photographs], [as|like] a [smudge|breath] on glass.
[Gravity|The pull of the planet] [bends|stretches|slows] [everything|each small moon] in its [reach|path], and the [numbers|sums] [work out|agree] to [several|six] [decimal places|figures].
""",
    ),
    Topic(
        name="library",
        people="librarians|readers|bookbinders|storytellers|archivists|reading volunteers",
        activity="mending torn pages|reading aloud to children|cataloguing old letters|driving the mobile library|binding books in leather|running a book club|scanning parish records|teaching adults to read|collecting oral histories|sorting donated novels|translating diaries|choosing large-print books|lending seeds and tools|restoring faded maps|indexing newspapers|hosting poets",
        trouble="a leak above the archive|cuts to the book fund|mould on the old maps|a lost box of letters|falling numbers of borrowers|a fire alarm with no fire|the closure of two branches|a shortage of shelves|silverfish in the bindings|a faulty catalogue|handwriting nobody could read|a winter without heating",
        gain="longer opening hours|more young readers|a complete catalogue|a warm room in winter|a history of the town|confidence in reading|free lessons for newcomers|a rare book returned|letters that speak again|a quiet corner for homework|busier Saturdays|shelves that fit every story",
        place="the reading room|the children's library|the county archive|the mobile library|the bookbinding workshop|the map room|the second-hand bookshop|the study hall|the little library by the bus stop|the basement store",
        patterns="""
The [oldest|rarest|heaviest] [book|volume] on the shelves, a [herbal|ledger|psalter] of {year2}, is [kept|stored] in a [grey box|locked case|cool cupboard] and [shown|opened] only [on request|twice a year].
[Borrowing|Lending] [rose|grew|climbed] by {percent} percent after [fines|late fees] were [abolished|dropped], and [hundreds|dozens] of [long-overdue|forgotten] [novels|books] [came|found their way] home.
A [torn|loose] page is [mended|repaired] with [Japanese tissue|thin paper] and [wheat|starch] paste, [never|not ever] with [sticky|clear] tape, which [yellows|turns brown] and [eats|stains] the paper.
[Every|Each] {day} at [ten|four], {some} [toddlers|small children] [sit|squeeze] on the [carpet|rug] to [hear|listen to] [a tale|stories] about [dragons|a lost bear|the moon|clever foxes].
[Letters|Diaries|Postcards] [written|sent] during the [war|strike|great winter] [describe|mention] [hunger|boredom|small kindnesses] that [no|hardly any] [official|printed] record [preserves|mentions].
The [van|bus|mobile library] [carries|holds] about {hundreds} [titles|books] and [stops|pulls in] at {few} villages [where|in which] the [last|only] [shop|branch] [closed|shut] in {year}.
[Leather|Calf leather] [cracks|dries out] in [heated|dry] rooms, so the [air|store] is [held|kept] at [fifteen|sixteen|eighteen] degrees [all|the whole] year [round|through].
[Large-print|Audio|Picture] books are [borrowed|taken out] [most|above all] on [rainy|market] days, [when|as] [farm|country] families [come|drive] into town.
[Detective stories|Romances|Histories] [remain|are still] the most [popular|requested] [shelf|section], [followed|trailed] by [cookery|gardening|travel] and, [lately|to some surprise], [poetry|philosophy].
[Volunteers|Students] [typed|copied] {hundreds} [index cards|handwritten entries] into a [database|spreadsheet], [correcting|fixing] the [spelling|dates] of [families|villages] as they [went|worked].
A [clerk|reader|schoolboy] [returned|brought back] a [book|novel] [borrowed|taken] by {his} {kin} in {year}, with [an apology|a pressed flower|a train ticket] [between|among] its pages.
[Silence|Strict silence] is no longer [enforced|expected]: the [ground|first] floor [hums|buzzes] with [homework|chess|language classes], and only the [upper|top] floor [stays|remains] [hushed|still].
""",
    ),
    Topic(
        name="cycling",
        people="cyclists|commuters|bike mechanics|road planners|bus drivers|courier riders",
        activity="cycling to work|repairing punctures at the roadside|planning safer junctions|teaching children to ride|truing a bent wheel|riding the coast road|timing the traffic lights|building cargo bikes|lending bicycles to newcomers|widening the cycle lanes|counting cars at the crossroads|racing up the old pass|walking to school in a group|greasing a worn chain|running a night bus|mapping the potholes",
        trouble="a crash at the roundabout|potholes after the frost|a shortage of bike racks|stolen wheels|a missing section of cycle lane|heavy lorries on the narrow road|the cut in bus services|parked cars in the lane|a flooded underpass|road works that never end|a steep hill with no shelter|a confusing set of signs",
        gain="quieter streets|cleaner air|fewer accidents|a shorter trip to work|healthier children|busy shops on the high street|cheaper travel|a lane all the way to the station|more buses in the evening|space for trees|a safe route to school|better knees and lower bills",
        place="the bike workshop|the riverside path|the new roundabout|the bus station|the railway underpass|the cargo depot|the long hill road|the training yard|the cycle lane on Mill Street|the repair stand",
        patterns="""
The [lane|path|route], [barely|just] {few} kilometres long, [links|joins] the [station|hospital|college] with {spot} and [saves|spares] [riders|commuters] a [steep|dangerous] [climb|crossing].
[Counters|Sensors|Rubber strips] [under|across] the [road|bridge] [recorded|logged] {hundreds} bicycles [a day|each weekday] in {month}, [up|a rise of] {percent} percent [on|over] the [same|previous] [month|year].
A [chain|well-oiled chain] [lasts|runs for] about {few} thousand kilometres, [less|rather less] in [winter|wet weather], when [salt|grit] [grinds|eats] the [links|rollers] [away|thin].
[Lowering|Cutting] the [speed|limit] from fifty to thirty [adds|costs] drivers [less than|about] a minute but [halves|sharply reduces] the [risk|chance] of a [serious|fatal] [injury|crash].
[Spokes|The spokes] are [tightened|turned] a [quarter|half] turn at a time while the wheel [spins|turns] [between|past] [two thumbs|the brake blocks], [until|so that] the [wobble|rubbing] [disappears|dies away].
[Shopkeepers|Traders] [feared|expected] [empty|quiet] tills when [parking|the car park] [went|moved], yet [takings|sales] on the [high|main] street [rose|grew] [slightly|by a tenth] [within|in] a year.
A [cargo bike|three-wheeler] can [carry|move] {some} kilos of [bread|post|tools|vegetables] and [park|stop] [where|in streets where] no van [fits|may go].
[Children|Pupils] in the [walking bus|bike train] wear [yellow|orange] [vests|sashes] and [ring|sing] at every [corner|crossing], to the [delight|despair] of [late sleepers|the lollipop lady].
[Buses|Evening buses] [run|leave] every {some} minutes [until|up to] [ten|eleven], but the [last|final] one [misses|just misses] the [train|ferry] by [four|five] minutes, a [grievance|fault] [older|as old] than [the timetable|most drivers].
The [pass|climb] [rises|gains] {hundreds} metres in {few} kilometres, and [even|only] [strong|fresh] riders [reach|see] the [top|summit] without [walking|stopping].
[Painted|White] lines [protect|shield] [nobody|no one], {last} argues; a [kerb|row of posts|hedge] [does|works], and [costs|comes to] [little|not much] more when the [road|surface] is [being|due to be] [relaid|mended] anyway.
[Brakes|Cables|Tyres] are [checked|tested] [first|before anything else], then [lights|bearings|bolts], and [no|not one] bicycle [leaves|goes out] without a [bell|tag] and a [short|careful] test ride.
""",
    ),
    Topic(
        name="birds",
        people="birdwatchers|wardens|ringers|marsh farmers|field biologists|nest watchers",
        activity="counting geese at dawn|ringing young swallows|digging new ponds|cutting the reeds|building nest boxes|listening for owls|guarding the tern colony|tracking a crane by satellite|grazing ponies on the marsh|clearing willow scrub|recording the dawn chorus|watching from the hide|feeding injured herons|netting warblers in the reeds|keeping dogs off the beach|reading the rings on gulls",
        trouble="the draining of the upper marsh|an oil slick|foxes in the colony|a spring tide that washed out the nests|a hard frost on the lagoon|plans for a marina|the loss of the hedges|a sickness among the ducks|careless drones|low water in summer|lead shot in the mud|mink along the ditches",
        gain="the return of the cranes|safe nesting ground|clear water in the ditches|the largest flock for decades|a protected shoreline|forty years of counts|more insects over the reeds|school visits every week|a new hide for wheelchairs|young terns on the beach|the song of the bittern|a truce with the farmers",
        place="the salt marsh|the reed bed|the ringing hut|the wooden hide|the shingle bank|the lagoon|the heronry|the estuary path|the wet meadow|the visitor centre",
        patterns="""
[Swallows|Terns|Wheatears] [weighing|no heavier than] [a few coins|an ounce or so] [cross|fly over] the [desert|sea] in [days|under a week] and [return|come back] to the [same|very] [barn|beach|beam] where they [hatched|were raised].
The [bittern|water rail|reed bunting] is [heard|known] [far more|much more] often than [seen|watched]; its [call|voice] [carries|travels] [two|three] kilometres [on|over] still [evenings|water].
A [ring|light metal ring] with {few} [digits|figures] [weighs|adds] [almost nothing|less than a feather], [yet|but] it can [tell|reveal] the [age|route] of a bird [found|caught] [years|half a lifetime] later.
[Reeds|The reeds] are [cut|harvested] in {month}, [after|once] the [seed|frost] has [fallen|gone] and [before|well before] the [first|earliest] [warblers|coots] [begin|start] to [build|nest].
On the [autumn|winter] count the [wardens|watchers] [logged|noted] {hundreds} [wigeon|teal|lapwings], {some} [curlews|avocets|shelducks] and [a single|one lost] [spoonbill|pelican|snow goose].
[Mud|Grey mud] [looks|seems] [dead|empty], but a [spadeful|handful] may [hold|contain] {hundreds} [snails|worms|tiny shrimps], [enough|plenty] to [feed|keep] a [dunlin|wader] [all day|through a frosty tide].
[Owls|Barn owls] [hunt|quarter] the [ditches|rough grass] at [dusk|first light], [taking|catching] {few} voles a night while the [chicks|young] are [small|growing].
The [eggs|speckled eggs], [laid|set] on [bare|open] [shingle|sand], are so well [hidden|marked] that [walkers|a careless boot] can [crush|miss] them without [knowing|noticing].
[Ponies|Cattle|Old breeds of sheep] [keep|graze] the [grass|sward] [short|uneven], which [suits|favours] [lapwings|redshanks] [better than|more than] any [machine|mower].
[Transmitters|Small tags] [showed|revealed] that one [crane|goose|osprey] had [flown|travelled] {hundreds} kilometres in [two nights|a day and a half], [stopping|resting] only [on a lake|at an airport|in a quarry].
[Sluices|Wooden sluices] [hold|keep] the water [high|ankle-deep] until {month}, then [drain|release] it [slowly|by inches] so that [chicks|young birds] can [feed|walk] along the [edge|margin].
[Silence|The quiet] before [dawn|sunrise] is [broken|ended] [first|always] by [a wren|the robin|one blackbird], then by [a dozen|twenty] voices, and [finally|at last] by [geese|gulls|the milk lorry].
""",
    ),
    Topic(
        name="health",
        people="nurses|walkers|physiotherapists|patients|swimmers|family doctors",
        activity="walking before breakfast|sleeping without a phone|swimming in cold water|stretching stiff shoulders|cooking with less salt|checking blood pressure at home|dancing after seventy|breathing slowly|giving up smoking|lifting light weights|keeping a sleep diary|eating more beans and greens|gardening for sore backs|visiting lonely neighbours|balancing on one leg|taking the stairs",
        trouble="a winter of flu|poor sleep|a long waiting list|aching knees|high blood pressure|loneliness after retirement|a fall on the ice|too many hours at a desk|a shortage of nurses|stress before examinations|a stubborn cough|the loss of the village clinic",
        gain="deeper sleep|fewer visits to the hospital|stronger legs|calmer evenings|lower blood pressure|new friends|easier breathing|a healthier heart|less pain in the morning|a longer working life|confidence on the stairs|better mood in the dark months",
        place="the health centre|the walking group's hut|the heated pool|the village clinic|the gym above the bakery|the riverside trail|the sleep laboratory|the community kitchen|the day hospital|the dance hall",
        patterns="""
[Half an hour|Thirty minutes] of [brisk|steady] walking on [most|five] days a week [lowers|reduces] the risk of [stroke|heart disease|diabetes] [more than|as much as] [many|some] [tablets|expensive tests].
[Adults|Most adults] [need|require] [seven|between seven and eight] hours of sleep, [though|but] {percent} percent of [those|the people] [asked|questioned] in {town} [get|manage] [fewer than six|less].
[Screens|Bright screens] [delay|hold back] the [body's|natural] signal for [rest|sleep], and the [nurse|doctor] [advises|suggests] [leaving|charging] the phone in [the kitchen|another room].
[Blood pressure|The pulse] is best [taken|measured] [sitting|at rest], at the [same|usual] hour, after {few} minutes of [quiet|calm], and [written|noted] [down|in a table] for the [doctor|clinic].
[Falls|Bad falls] [become|are] [less likely|rarer] when [older|frail] people [practise|train] balance [twice|three times] a week, [holding|touching] a [chair|worktop] at first and [later|in time] [letting go|standing free].
[Cold|Cool] water [makes|forces] the [breath|heart] [race|quicken], so [beginners|new swimmers] [enter|go in] [slowly|to the waist] and [stay|remain] no longer than [two|three] minutes.
[Salt|Much of our salt] [hides|is hidden] in [bread|sauces|ready meals|cheese]; [tasting|reading the label] before [adding|buying] more is the [simplest|cheapest] [remedy|habit].
[Muscle|Strength] is [lost|fading] from the [age|time] of [forty|fifty] unless it is [used|asked for], [but|yet] even at [eighty|ninety] [legs|arms] [respond|improve] within [eight|ten] weeks.
The [clinic|surgery] [offers|runs] a [free|weekly] class for [backs|knees|tired carers], with [mats|benches] for {some} and [patience|tea] for [all|anyone].
[Loneliness|Being alone] [harms|wears down] [health|the heart] [quietly|by degrees], and a [regular|short] [visit|phone call] can do [more than|what is beyond] any [medicine|pill].
[Breathing|A slow breath] [out|through pursed lips] for [twice|longer than] the count [calms|settles] the [nerves|chest], a [trick|method] [singers|soldiers|midwives] have [long|always] [known|used].
[Beans|Lentils|Oats] and [greens|root vegetables] [fill|feed] a [family|table of four] for [little|a few coins], [keep|stay] well and [steady|even out] the [sugar|energy] in the [blood|afternoon].
""",
    ),
    Topic(
        name="craft",
        people="potters|weavers|furniture makers|blacksmiths|shoemakers|clock menders",
        activity="carving spoons from cherry wood|throwing bowls on the wheel|weaving willow baskets|forging hinges|stitching leather by hand|mending grandfather clocks|dyeing wool with walnut shells|planing an oak board|firing a kiln with wood|spinning flax|cutting dovetail joints|repairing violins|printing from carved blocks|glazing tiles|re-caning old chairs|sharpening chisels",
        trouble="the price of good timber|a kiln that overheated|cheap imports|a shortage of apprentices|woodworm in the stock|a cracked anvil|rising rent on the workshops|an injured thumb|orders that came too late|damp in the wool store|a lost set of patterns|the closing of the tannery",
        gain="a full order book|tools that last a lifetime|skills passed to the young|fair prices|a chair that does not creak|a stall at the winter market|respect for slow work|a glaze of deep blue|less waste in the workshop|repairs instead of rubbish|an exhibition in the capital|steady hands and clear eyes",
        place="the pottery|the smithy|the weaving shed|the joiners' yard|the repair café|the craft school|the kiln house|the leather workshop|the clock room|the summer market",
        patterns="""
[Green|Freshly cut] wood is [softer|easier] to [carve|split], but it [shrinks|moves] as it [dries|ages], and a [bowl|spoon|stool] [made|finished] too [soon|quickly] may [crack|warp] by {month}.
The kiln [reaches|climbs to] twelve hundred degrees [after|in] {some} hours, and [nobody|no potter] [sleeps|leaves] until the [last|final] [cone|ring of clay] has [bent|melted].
[Dovetails|Joints], [cut|marked] with a [knife|fine saw] and [pared|cleaned] with a chisel, [hold|lock] a drawer [together|tight] for [a century|generations] without [glue|a single nail].
[Walnut shells|Onion skins|Madder roots] [give|yield] a [brown|golden|brick-red] dye that [deepens|softens] with [washing|sunlight], [unlike|in contrast to] [powders|colours] from the [factory|packet].
A [blade|chisel|plane iron] is [sharp|ready] when it [shaves|cuts] [end grain|the hair on a wrist] [cleanly|without pressure]; [anything|whatever is] [duller|less] is [dangerous|a waste of timber].
[Willow|Hazel] is [cut|gathered] in winter, [sorted|graded] by length and [soaked|steamed] for [days|a week] before it will [bend|turn] [around|over] a [knee|frame] without [splitting|snapping].
The [clock|movement], [made|built] by a {job} in {year2}, [gained|lost] [four|six] minutes a day until {last} [moved|filed] the [weight|pendulum] by the [width|breadth] of a [coin|matchstick].
[Iron|The bar] [glows|shines] [cherry red|orange|straw yellow] before the [hammer|first blow], and a [hinge|hook|gate latch] [takes|wants] about {some} [heats|strikes] from [start|bar] to [finish|bench].
[Wool|Fleece] from [hill|local] sheep is [coarse|springy] and [hard-wearing|warm], [good|fit] for [rugs|blankets|coats] rather than [scarves|vests].
[Apprentices|Learners] [spoil|ruin] their first {some} [pots|pieces], [keep|save] the [worst|ugliest] on a shelf and [look|glance] at it [whenever|each time] [pride|impatience] [threatens|returns].
A [handmade|stitched] pair of [boots|shoes] [costs|comes to] {hundreds} pounds, [lasts|serves] {few} years and can be [resoled|mended] [again and again|at least five times].
[Repairs|Mending] [brought|earned] [more|far more] than [new work|sales] last year, [as|since] [customers|families] [grow|are] tired of [chairs|toasters|lamps] that [break|fail] in [months|one season].
""",
    ),
    Topic(
        name="computing",
        people="programmers|teachers|students|hardware tinkerers|open-source contributors|data clerks",
        activity="writing small programs|repairing old laptops|teaching sorting algorithms|testing backups|translating a user manual|soldering sensor boards|training a small language model|cleaning messy spreadsheets|reviewing each other's code|compressing weather data|building a village network|debugging late at night|drawing maps from public data|reading crash reports|cataloguing old floppy disks|measuring energy use",
        trouble="a failed hard disk|a bug in the date code|slow broadband|a lost password|an update that broke the printers|a virus on the school network|a power surge|confusing error messages|missing documentation|duplicate records in the register|a server room without cooling|a careless delete command",
        gain="faster searches|backups that can be trusted|free software in the schools|clearer error messages|a network that survives storms|fewer duplicate records|a program that others can read|cheap laptops for pupils|skills that lead to jobs|half the energy bill|an honest measurement|maps that anyone may use",
        place="the computer club|the repair bench|the server cupboard|the school laboratory|the hack evening|the data office|the old telephone exchange|the coding class|the maker room|the village network hub",
        patterns="""
[A|Any] program that [sorts|searches] {hundreds} names in a [blink|moment] may [take|need] [hours|all night] for a million, [unless|if not] the [method|algorithm] [grows|scales] [slowly|gently] with the [size|length] of the list.
[Backups|Copies] are [kept|stored] in [three|two] places, [one of them|at least one] [outside|away from] the building, and [restored|tested] [every month|on the first {day}], because an [untested|unread] backup is [only|merely] a [hope|wish].
The [error|bug], [hidden|buried] in {few} lines of [date|time-zone|rounding] code, [appeared|showed itself] only on the [last|first] day of {month} and [cost|took] {other} [a weekend|three evenings] to [find|trace].
[Variables|Functions] with [plain|honest] names [save|spare] the [next|following] reader more [time|trouble] than [any|a page of] [comment|diagram], and that [reader|person] is [often|usually] [oneself|the author] a year on.
[Pupils|New members] [start|begin] by [drawing|moving] a [turtle|square|small robot] [across|around] the screen, and [within|after] {few} lessons they [write|build] [a quiz|a maze|a weather page] of their own.
[Compressing|Packing] the [readings|measurements] [reduced|cut] the [files|archive] to [a tenth|a quarter|one fifth] of their [size|length] without [losing|dropping] a [digit|single value].
A [laptop|desktop] from [2007|2009|2010|2012|2013], [given|fitted with] [more memory|a solid-state disk] and [free|lighter] software, [runs|works] [well enough|happily] for [homework|letters|video calls].
[Spreadsheets|Tables] from {few} offices [spelled|wrote] the [same|one] street in [nine|seven|five] ways, so the [first|hardest] task was to [match|merge] [names|records] without [joining|confusing] [strangers|different families].
The [antenna|dish] on {spot} [beams|sends] a signal to [the school|two farms|the clinic], [fast|strong] enough for [lessons|calls] [even|also] in [fog|heavy rain].
[Reviewing|Reading] [code|a patch] [aloud|line by line] [finds|catches] [mistakes|slips] that [tests|tired eyes] [miss|let through], and [teaches|shows] the [reviewer|listener] [as much|at least as much] as the author.
The model, [trained|fitted] on [local|old] [recipes|newspapers|letters], [writes|produces] [fluent|smooth] sentences and [cheerful|confident] [nonsense|errors], which makes it a [good|useful] lesson in [checking|doubt].
[Power|Electricity] [use|demand] [fell|dropped] by {percent} percent when [idle|unused] machines were [switched off|put to sleep], a [saving|change] that needed [one|just one] [line|setting] and [no|not a single] [meeting|purchase].
""",
    ),
)
