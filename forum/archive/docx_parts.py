"""The parts of a DOCX file that are always the same (ECMA-376): what kinds of parts there are, and how they look."""

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_KINDS = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="jpg" ContentType="image/jpeg"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_KINDS}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_KINDS}.styles+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_KINDS}.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
TOP = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_LINKS}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
PARTS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_LINKS}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId2" Type="{_LINKS}/footer" Target="footer1.xml"/>'
    f'<Relationship Id="rId3" Type="{_LINKS}/image" Target="media/hero.jpg"/></Relationships>'
)
PARTS_WITHOUT_PICTURE = PARTS.replace(f'<Relationship Id="rId3" Type="{_LINKS}/image" Target="media/hero.jpg"/>', "")
FOOTER = (
    f'{_XML}<w:ftr xmlns:w="{WORD}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>'
)
BEGIN = (
    f'{_XML}<w:document xmlns:w="{WORD}" xmlns:r="{_LINKS}"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>'
)
# A4, margins of 2.5 cm, in twentieths of a point.
END = (
    '<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" w:header="709" w:footer="709" w:gutter="0"/>'
    "</w:sectPr></w:body></w:document>"
)


def _style(name: str, shown: str, paragraph: str = "", run: str = "", *, after: str = "Normal") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{shown}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="{after}"/><w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>'
    )


def styles(language: str) -> str:
    """Return the styles of a text in `language` (BCP 47): the names are those that word processors know."""
    serif = '<w:rFonts w:ascii="Georgia" w:hAnsi="Georgia" w:cs="Times New Roman"/>'
    keep = "<w:keepNext/><w:keepLines/>"
    heading = f'{keep}<w:spacing w:before="480" w:after="160"/><w:outlineLvl w:val="0"/>'
    second = f'{keep}<w:spacing w:before="280" w:after="80"/><w:outlineLvl w:val="1"/>'
    quote = '<w:pBdr><w:left w:val="single" w:sz="12" w:space="8" w:color="999999"/></w:pBdr><w:ind w:left="360"/>'
    return (
        f'{_XML}<w:styles xmlns:w="{WORD}"><w:docDefaults><w:rPrDefault><w:rPr>'
        f'<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Arial" w:eastAsia="SimSun"/><w:sz w:val="21"/>'
        f'<w:szCs w:val="21"/><w:lang w:val="{language}" w:bidi="{language}" w:eastAsia="{language}"/>'
        "</w:rPr></w:rPrDefault>"
        '<w:pPrDefault><w:pPr><w:spacing w:after="100" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
        '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "</w:style>"
        + _style("Title", "Title", '<w:spacing w:after="120"/>', f'{serif}<w:b/><w:sz w:val="44"/><w:szCs w:val="44"/>')
        + _style("Heading1", "heading 1", heading, f'{serif}<w:b/><w:sz w:val="30"/><w:szCs w:val="30"/>')
        + _style("Heading2", "heading 2", second, '<w:b/><w:sz w:val="24"/><w:szCs w:val="24"/>')
        + _style("Facts", "Facts", '<w:spacing w:after="40"/>', '<w:color w:val="555555"/><w:sz w:val="19"/>')
        + _style("Speaker", "Speaker", f'{keep}<w:spacing w:before="200" w:after="40"/>')
        + _style("Quote", "Quote", quote)
        + _style("ListParagraph", "List Paragraph", '<w:ind w:left="360" w:hanging="360"/>')
        + '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/><w:rPr>'
        '<w:color w:val="0B4FA8"/><w:u w:val="single"/></w:rPr></w:style></w:styles>'
    )
