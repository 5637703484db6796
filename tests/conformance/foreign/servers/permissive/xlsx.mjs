// A workbook without any library: a ZIP archive that compresses nothing, numbers as numbers, texts shared.
import { crc32 } from "node:zlib";

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SCHEMAS = "http://schemas.openxmlformats.org";
const MAIN = `${SCHEMAS}/spreadsheetml/2006/main`;
const LINKS = `${SCHEMAS}/officeDocument/2006/relationships`;
const SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml";

const escaped = (text) =>
  text
    .replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c])
    // eslint-disable-next-line no-control-regex
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g,
      (c) => `_x${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`,
    );

function zip(files) {
  const [chunks, index] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [label, content] = [Buffer.from(name), Buffer.from(HEAD + text)];
    const facts = Buffer.alloc(26); // version, flags, method, time, date, checksum, sizes, length of the name, of extras
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(0x21, 8);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(label.length, 22);
    const entry = Buffer.concat([Buffer.from("PK\x03\x04"), facts, label, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    index.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), facts, place, label]));
    chunks.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(index);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(index.length, 8);
  end.writeUInt16LE(index.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...chunks, directory, end]);
}

/** Rows of strings, numbers and nulls as the only sheet of a workbook. */
export function workbook(rows) {
  const shared = new Map();
  const cell = (value) => {
    if (value === null || value === undefined) return "<c/>";
    if (typeof value === "number") return `<c><v>${value}</v></c>`;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (!shared.has(text)) shared.set(text, shared.size);
    return `<c t="s"><v>${shared.get(text)}</v></c>`;
  };
  const lines = rows.map((row) => `<row>${row.map(cell).join("")}</row>`).join("");
  const texts = [...shared.keys()]
    .map((text) => `<si><t xml:space="preserve">${escaped(text.toWellFormed())}</t></si>`)
    .join("");
  const type = (part, kind) => `<Override PartName="/xl/${part}.xml" ContentType="${SHEET}.${kind}+xml"/>`;
  const link = (id, kind, to) => `<Relationship Id="${id}" Type="${LINKS}/${kind}" Target="${to}"/>`;
  const links = (...each) =>
    `<Relationships xmlns="${SCHEMAS}/package/2006/relationships">${each.join("")}</Relationships>`;
  return zip({
    "[Content_Types].xml": `<Types xmlns="${SCHEMAS}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${type("book", "sheet.main")}${type("sheet", "worksheet")}${type("texts", "sharedStrings")}</Types>`,
    "_rels/.rels": links(link("a", "officeDocument", "xl/book.xml")),
    "xl/book.xml": `<workbook xmlns="${MAIN}" xmlns:r="${LINKS}"><sheets><sheet name="all" sheetId="7" r:id="b"/></sheets></workbook>`,
    "xl/_rels/book.xml.rels": links(
      link("b", "worksheet", "sheet.xml"),
      link("c", "sharedStrings", "texts.xml"),
    ),
    "xl/sheet.xml": `<worksheet xmlns="${MAIN}"><sheetData>${lines}</sheetData></worksheet>`,
    "xl/texts.xml": `<sst xmlns="${MAIN}">${texts}</sst>`,
  });
}
