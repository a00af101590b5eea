# ruff: noqa: E501  (one sentence pattern a line, so that a writer can read them as prose)
"""French, German, Spanish, Japanese and Russian sentence patterns, for documents that a language filter must drop.

The notation is that of `material_en`, without slots. Written for this project.
"""

OTHER: dict[str, str] = {
    "fr": """
[Chaque matin|Tous les jours], [le boulanger|la fleuriste|le libraire] ouvre sa [boutique|porte] avant [sept|huit] heures et salue [les voisins|les écoliers|le facteur].
Le [marché|village|quartier] a beaucoup changé depuis [la fermeture de l'usine|l'arrivée du train|les grandes pluies], mais les habitants [restent|y sont] très attachés.
[Selon la mairie|D'après un rapport], [près d'un tiers|la moitié] des familles [cultivent|possèdent] encore un petit [jardin|potager].
Quand [l'hiver|l'automne] arrive, on [rentre le bois|prépare la soupe|répare les volets] et l'on se retrouve [au café|chez les uns et les autres].
[Une ancienne institutrice|Un menuisier à la retraite] raconte [l'histoire du pont|la grande crue|les fêtes d'autrefois] avec [patience|humour|émotion].
Il faut environ [deux|trois|quatre] heures pour [monter jusqu'au lac|traverser la forêt|rejoindre la côte], et le chemin est [bien balisé|parfois glissant].
[Les enfants|Les élèves] apprennent à [pétrir la pâte|reconnaître les oiseaux|lire une carte] avec [des bénévoles|leurs grands-parents].
[L'an dernier|Au printemps], [l'association|la commune] a [planté|offert] [cinquante|deux cents] arbres le long de [la rivière|la route].
[Personne|Aucun voisin] ne pensait que [le projet|l'atelier] durerait plus [d'une saison|d'un an].
Les prix ont [augmenté|monté] de [huit|douze] pour cent, ce qui [inquiète|préoccupe] surtout [les jeunes|les retraités].
[Le soir|Après la pluie], une odeur de [pain chaud|foin coupé|café] se répand dans [les ruelles|toute la vallée].
« [Revenez|Passez] donc [en juin|un dimanche], vous [verrez|comprendrez] », dit-elle en [souriant|refermant le portail].
""",
    "de": """
[Jeden Morgen|An Werktagen] öffnet [der Bäcker|die Buchhändlerin|der Uhrmacher] [seinen Laden|die Tür] schon vor [sieben|acht] Uhr und grüßt [die Nachbarn|die Schulkinder].
Das [Dorf|Viertel|Städtchen] hat sich seit [dem Bau der Brücke|der großen Flut|dem Ende der Fabrik] stark verändert, doch viele sind [geblieben|zurückgekehrt].
[Nach Angaben der Gemeinde|Laut einer Umfrage] pflegt [jede dritte|fast jede zweite] Familie noch einen [Garten|Obstbaum].
Wenn [der Winter|der Herbst] kommt, werden [die Fenster abgedichtet|Äpfel eingelagert|die Boote an Land gezogen].
[Eine pensionierte Lehrerin|Ein alter Schreiner] erzählt [vom Hochwasser|von den ersten Zügen|von langen Nächten] und lacht dabei [leise|herzlich].
Man braucht ungefähr [zwei|drei|vier] Stunden, um [den See|die Hütte|den Gipfel] zu erreichen, und der Weg ist [gut markiert|manchmal rutschig].
[Die Kinder|Die Schüler] lernen, [Teig zu kneten|Vögel zu bestimmen|Karten zu lesen], und helfen [beim Aufräumen|ihren Großeltern].
[Im Frühling|Im vergangenen Jahr] hat [der Verein|die Stadt] [fünfzig|zweihundert] Bäume am [Ufer|Feldweg] gepflanzt.
[Niemand|Keiner der Nachbarn] glaubte, dass [die Werkstatt|das Projekt] länger als [einen Sommer|ein Jahr] bestehen würde.
Die Preise sind um [acht|zwölf] Prozent gestiegen, was vor allem [junge Leute|Rentner] [beunruhigt|verärgert].
[Am Abend|Nach dem Regen] riecht es in [den Gassen|dem ganzen Tal] nach [frischem Brot|Heu|Kaffee].
„[Kommen Sie|Fragen Sie] [im Juni|am Sonntag] noch einmal“, sagt sie und [schließt das Tor|gießt Tee nach].
""",
    "es": """
[Cada mañana|Todos los días], [el panadero|la florista|el librero] abre [su tienda|la puerta] antes de las [siete|ocho] y saluda a [los vecinos|los niños].
El [pueblo|barrio|mercado] ha cambiado mucho desde [el cierre de la fábrica|la llegada del tren|las grandes lluvias], pero la gente [sigue allí|no se rinde].
[Según el ayuntamiento|De acuerdo con un informe], [casi un tercio|la mitad] de las familias [cultiva|conserva] todavía un pequeño [huerto|jardín].
Cuando llega [el invierno|el otoño], se [guarda la leña|prepara la sopa|arreglan los tejados] y todos se reúnen [en la plaza|junto al fuego].
[Una maestra jubilada|Un viejo carpintero] cuenta [la historia del puente|la gran crecida|las fiestas de antes] con [paciencia|humor|emoción].
Hacen falta unas [dos|tres|cuatro] horas para [subir al lago|cruzar el bosque|llegar a la costa], y el camino está [bien señalado|a veces mojado].
[Los niños|Los alumnos] aprenden a [amasar el pan|reconocer aves|leer un mapa] con [voluntarios|sus abuelos].
[El año pasado|En primavera], [la asociación|el municipio] plantó [cincuenta|doscientos] árboles a lo largo [del río|de la carretera].
[Nadie|Ningún vecino] pensaba que [el proyecto|el taller] duraría más de [una temporada|un año].
Los precios han subido un [ocho|doce] por ciento, lo que preocupa sobre todo a [los jóvenes|los jubilados].
[Por la noche|Después de la lluvia], un olor a [pan caliente|heno|café] llena [las callejuelas|todo el valle].
—[Vuelva|Pase] usted [en junio|un domingo] y lo [verá|entenderá] —dice ella mientras [sonríe|cierra la verja].
""",
    "ja": """
[毎朝|平日は]、[パン屋の主人|花屋の店主|古本屋のおばあさん]は[七時|八時]前に[店|戸]を開けて、[近所の人|通学する子どもたち]に声をかけます。
この[町|村|商店街]は[工場が閉まって|鉄道が通って|大雨の年]からずいぶん変わりましたが、[残る人|戻ってくる人]も少なくありません。
[役場によると|ある調査では]、[三割ほど|およそ半分]の家庭が今も小さな[畑|庭]を[手入れしている|持っている]そうです。
[冬|秋]になると、[薪を割ったり|味噌を仕込んだり|屋根を直したり]して、夜は[囲炉裏|食堂]に集まります。
[元教師の女性|年老いた大工さん]は、[橋のこと|大水の夜|昔の祭り]を[ゆっくりと|笑いながら]話してくれました。
[湖|峠|海岸]まではおよそ[二|三|四]時間かかり、道は[よく整備されています|雨の日は滑ります]。
[子どもたち|生徒たち]は[生地のこね方|鳥の見分け方|地図の読み方]を[ボランティア|祖父母]から教わります。
[去年|この春]、[保存会|町内会]が[川沿い|街道]に[五十本|二百本]の木を植えました。
[だれも|近所の人は]、この[工房|計画]が[一年|ひと夏]以上続くとは思っていませんでした。
物の値段が[八|十二]パーセント上がり、とくに[若い人|年金で暮らす人]が困っています。
[夕方|雨上がり]には、[焼きたてのパン|干し草|コーヒー]の香りが[路地|谷じゅう]に広がります。
「[六月|日曜日]にまたいらっしゃい。きっと[わかります|気に入りますよ]」と彼女は[微笑みました|お茶をつぎ足しました]。
""",
    "ru": """
[Каждое утро|По будням] [пекарь|цветочница|хозяин книжной лавки] открывает [магазин|дверь] ещё до [семи|восьми] часов и здоровается с [соседями|школьниками].
[Посёлок|Квартал|Городок] сильно изменился после [закрытия завода|постройки моста|большого паводка], но многие [остались|вернулись].
[По данным управы|Согласно опросу], [почти треть|половина] семей до сих пор [держит огород|ухаживает за садом].
Когда приходит [зима|осень], люди [заготавливают дрова|варят варенье|чинят крыши] и собираются [у печки|в клубе].
[Бывшая учительница|Старый столяр] рассказывает [о наводнении|о первом поезде|о праздниках юности] [спокойно|с улыбкой].
До [озера|перевала|берега] нужно идти около [двух|трёх|четырёх] часов, и тропа [хорошо размечена|местами скользкая].
[Дети|Ученики] учатся [месить тесто|узнавать птиц|читать карту] вместе с [волонтёрами|дедушками и бабушками].
[В прошлом году|Весной] [общество|администрация] посадило вдоль [реки|дороги] [пятьдесят|двести] деревьев.
[Никто|Ни один сосед] не думал, что [мастерская|эта затея] продержится дольше [одного лета|года].
Цены выросли на [восемь|двенадцать] процентов, и это тревожит прежде всего [молодёжь|пенсионеров].
[Вечером|После дождя] по [переулкам|всей долине] плывёт запах [свежего хлеба|сена|кофе].
«[Приезжайте|Заходите] [в июне|в воскресенье], тогда [увидите|поймёте]», — говорит она и [закрывает калитку|наливает чай].
""",
}
