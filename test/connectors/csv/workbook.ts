/** A minimal .xlsx: a zip without compression, shared strings, one sheet. */
import { crc32 } from 'node:zlib'

/** Dates are given as { date: Excel's day number }. */
export type WorkbookCell = string | number | boolean | { readonly date: number } | null

export function workbook(rows: readonly (readonly WorkbookCell[])[]): Buffer {
  const strings: string[] = []
  const cell = (value: WorkbookCell, reference: string): string => {
    if (value === null) return ''
    if (typeof value === 'number') return `<c r="${reference}"><v>${value}</v></c>`
    if (typeof value === 'boolean') return `<c r="${reference}" t="b"><v>${Number(value)}</v></c>`
    if (typeof value === 'object') return `<c r="${reference}" s="1"><v>${value.date}</v></c>`
    strings.push(value.replaceAll('&', '&amp;').replaceAll('<', '&lt;'))
    return `<c r="${reference}" t="s"><v>${strings.length - 1}</v></c>`
  }
  const sheet = rows
    .map((row, r) => row.map((value, c) => cell(value, `${String.fromCharCode(65 + c)}${r + 1}`)).join(''))
    .map((cells, r) => `<row r="${r + 1}">${cells}</row>`)
    .join('')
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships'
  const types = 'http://schemas.openxmlformats.org/package/2006/content-types'
  const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const override = (part: string, type: string): string =>
    `<Override PartName="/xl/${part}.xml" ContentType="${kind}.${type}+xml"/>`
  const relation = (id: number, type: string, target: string): string =>
    `<Relationship Id="rId${id}" Type="${office}/${type}" Target="${target}"/>`
  return zip({
    '[Content_Types].xml':
      `<Types xmlns="${types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      override('workbook', 'sheet.main') +
      override('worksheets/sheet1', 'worksheet') +
      override('sharedStrings', 'sharedStrings') +
      `${override('styles', 'styles')}</Types>`,
    '_rels/.rels': `<Relationships xmlns="${relations}">${relation(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Customers" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      `<Relationships xmlns="${relations}">` +
      relation(1, 'worksheet', 'worksheets/sheet1.xml') +
      relation(2, 'sharedStrings', 'sharedStrings.xml') +
      `${relation(3, 'styles', 'styles.xml')}</Relationships>`,
    'xl/styles.xml': `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst xmlns="${main}">${strings.map((text) => `<si><t xml:space="preserve">${text}</t></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`,
  })
}

/** @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
function zip(entries: Readonly<Record<string, string>>): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(name.length, 22)
    const head = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, Buffer.from(name)]))
    local.push(head)
    offset += head.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(central.length, 4)
  end.writeUInt16LE(central.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end])
}
