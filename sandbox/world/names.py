"""Given and family names by writing system, each with the Latin spelling that goes into addresses."""

from __future__ import annotations

from typing import NamedTuple


class Name(NamedTuple):
    """A name as it is written, and in lower-case ASCII."""

    written: str
    ascii: str


class NameList(NamedTuple):
    """Names of one writing system; `family_first` and `separator` say how they are displayed."""

    given: tuple[Name, ...]
    family: tuple[Name, ...]
    family_first: bool = False
    separator: str = " "


def _names(text: str) -> tuple[Name, ...]:
    pairs = (entry.strip().partition("=") for entry in text.split(","))
    return tuple(Name(written, ascii_ or written.lower()) for written, _, ascii_ in pairs)


NAMES: dict[str, NameList] = {
    "english": NameList(
        _names(
            "Abigail, Adam, Alice, Amelia, Andrew, Arthur, Beatrice, Benjamin, Charlotte, Clara, Daniel, "
            "David, Dorothy, Edith, Edward, Eleanor, Elijah, Emma, Ethan, Evelyn, Felix, Florence, "
            "Frances, Frederick, George, Grace, Hannah, Harold, Hazel, Henry, Ida, Isaac, Ivy, Jack, "
            "James, Jasper, Josephine, Julia, Laura, Leo, Lucy, Mabel, Martha, Matthew, Miles, Nathan, "
            "Nora, Oliver, Olivia, Oscar, Percy, Phoebe, Ralph, Rose, Ruth, Samuel, Simon, Sophia, Stella, "
            "Theodore, Thomas, Violet, Walter, Winifred"
        ),
        _names(
            "Abbott, Ackroyd, Ashdown, Atwater, Barlow, Bexley, Birch, Blackwood, Bramley, Bristow, "
            "Calloway, Carver, Chilton, Clayborne, Colby, Crane, Dalton, Darrow, Denholm, Draycott, "
            "Eastman, Ellery, Fairfax, Farrow, Fenwick, Garland, Gladstone, Goodwin, Granger, Hadley, "
            "Hartwell, Hawthorne, Holloway, Ingram, Jessop, Kendrick, Kingsley, Lacey, Langford, Linwood, "
            "Lockhart, Marlow, Mayfield, Merriweather, Milner, Norwood, Oakley, O'Connor=o'connor, "
            "O'Malley=omalley, Overton, Pemberton, Prescott, Quimby, Radcliffe, Ravenhill, Redfern, "
            "Rutherford, Sheffield, Smith-Jones=smith-jones, Stanhope, Sutherland, Tempest, Thackeray, "
            "Underhill, Vickers, Wakefield, Whitlock, Winslow, Yardley, York"
        ),
    ),
    "latin_diacritics": NameList(
        _names(
            "Zoë=zoe, Łukasz=lukasz, Søren=soren, Åsa=asa, Jürgen=juergen, François=francois, Ñusta=nusta, "
            "İrem=irem, Ğülşen=gulsen, Đorđe=djordje, Þóra=thora, Ștefan=stefan, João=joao, Ágnes=agnes, "
            "Žofie=zofie, Nguyệt=nguyet"
        ),
        _names(
            "Müller=mueller, Dvořák=dvorak, Ångström=angstrom, Großmann=grossmann, Çelik=celik, "
            "Ibáñez=ibanez, Wiśniewska=wisniewska, Kovačević=kovacevic, Ørsted=orsted, Szabó=szabo, "
            "Țepeș=tepes, Guðmundsdóttir=gudmundsdottir, Lefèvre=lefevre, Trần=tran, d'Ávila=davila, "
            "van der Één=vandereen"
        ),
    ),
    "greek": NameList(
        _names("Αλέξανδρος=alexandros, Ελένη=eleni, Γεώργιος=georgios, Σοφία=sofia, Δημήτρης=dimitris"),
        _names(
            "Παπαδόπουλος=papadopoulos, Νικολάου=nikolaou, Ιωάννου=ioannou, Αγγελίδης=angelidis, "
            "Οικονόμου=oikonomou"
        ),
    ),
    "cyrillic": NameList(
        _names(
            "Анна=anna, Дмитрий=dmitriy, Екатерина=ekaterina, Ђорђе=djordje, Юлія=yuliia, Щучин=shchuchin, "
            "Ёлка=yolka"
        ),
        _names(
            "Иванова=ivanova, Соколов=sokolov, Шевченко=shevchenko, Їжакевич=yizhakevych, Петровић=petrovic"
        ),
    ),
    "arabic": NameList(
        _names("ليلى=layla, محمد=mohammed, فاطمة=fatima, يوسف=yusuf, نور=nour, گلناز=golnaz"),
        _names("الحداد=alhaddad, بن يوسف=benyoussef, النجار=alnajjar, خوري=khoury, پژمان=pezhman"),
    ),
    "hebrew": NameList(
        _names("נועה=noa, דוד=david, יעל=yael, אברהם=avraham, שירה=shira"),
        _names("כהן=cohen, לוי=levi, מזרחי=mizrahi, בן־דוד=bendavid, שפירא=shapira"),
    ),
    "han": NameList(
        _names("伟=wei, 秀英=xiuying, 建国=jianguo, 雅婷=yating, 𠮷=ji"),
        _names("王=wang, 李=li, 張=zhang, 歐陽=ouyang, 诸葛=zhuge"),
        family_first=True,
        separator="",
    ),
    "kana": NameList(
        _names("さくら=sakura, ハルト=haruto, 結衣=yui, ｹﾝｼﾞ=kenji, みづき=mizuki"),
        _names("佐藤=sato, タナカ=tanaka, 髙橋=takahashi, 渡邉=watanabe, 小鳥遊=takanashi"),
        family_first=True,
        separator="\u3000",
    ),
    "hangul": NameList(
        _names("민준=minjun, 서연=seoyeon, 지훈=jihun, 하은=haeun"),
        _names("김=kim, 이=lee, 박=park, 남궁=namgung"),
        family_first=True,
        separator="",
    ),
    "devanagari": NameList(
        _names("आरव=aarav, प्रिया=priya, विक्रम=vikram, ऋषि=rishi, लक्ष्मी=lakshmi"),
        _names("शर्मा=sharma, द्विवेदी=dwivedi, सिंह=singh, कृष्णन=krishnan"),
    ),
    "thai": NameList(
        _names("สมชาย=somchai, กนกวรรณ=kanokwan, ณัฐพล=nattapon, น้ำฝน=namfon"),
        _names("ศรีสุข=srisuk, วงศ์สวัสดิ์=wongsawat, ทองดี=thongdee"),
    ),
    "georgian": NameList(
        _names("გიორგი=giorgi, ნინო=nino, თამარ=tamar, ლუკა=luka"),
        _names("ბერიძე=beridze, კაპანაძე=kapanadze, მაისურაძე=maisuradze"),
    ),
}
