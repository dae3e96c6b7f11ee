"""Languages as media files name them, made BCP 47."""

import re

from django.conf import settings
from django.conf.locale import LANG_INFO

UNKNOWN = "und"
ORIGINAL = "Original"
MOST = 10  # characters of a tag that is kept

# ISO 639-2, by terminology and by bibliography, to ISO 639-1, which BCP 47 wants where there is one.
_SHORT = dict(re.findall(r"(\w+):(\w+)", """
    aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az bak:ba
    bam:bm baq:eu bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh
    chu:cu chv:cv cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ell:el eng:en epo:eo
    est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd gle:ga
    glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig
    ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks
    kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv
    lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt
    mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny
    oci:oc oji:oj ori:or orm:om oss:os pan:pa per:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro
    run:rn rus:ru sag:sg san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es
    sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo
    tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy
    wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
"""))  # fmt: skip
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)


def tag(named: str) -> str:
    """`eng` -> `en`, `ger` -> `de`, `pt_br` -> `pt-BR`, `haw` as it is; `und` for what is no such name.

    Language, script and region are kept (RFC 5646, 2.1), variants and extensions are not.
    """
    named = named.strip().replace("_", "-")
    found = _TAG.match(named)
    if not found or named[found.end() : found.end() + 1] not in ("", "-"):
        return UNKNOWN
    language, script, region = (part or "" for part in found.groups())
    language = language.lower()
    parts = (_SHORT.get(language, language), script.title(), region.upper())
    return "-".join(part for part in parts if part)[:MOST]


def autonym(tag: str) -> str:
    """What its speakers call it: `hi` -> हिन्दी, `pt-BR` -> Português Brasileiro; the tag itself for what is
    not known, "Original" for `und`: what a film speaks that does not say so."""
    if tag == UNKNOWN:
        return ORIGINAL
    ours = dict(settings.LANGUAGES)
    for known in (tag.lower(), tag.partition("-")[0]):
        name = ours.get(known) or LANG_INFO.get(known, {}).get("name_local")
        if name:
            return str(name[0].upper() + name[1:])
    return tag
