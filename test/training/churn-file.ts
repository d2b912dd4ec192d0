/** A small file of customers with an outcome that can be learned, and an archive of files. */
import { random } from '../../models/random.ts'

/** CSV with ids, a protected column, one that tells the answer, and three that honestly predict it. */
export function churnFile(rows: number): string {
  const chance = random(rows)
  const lines = ['customerID,gender,tenure,MonthlyCharges,Contract,Cancellation Reason,Churn']
  for (let row = 0; row < rows; row++) {
    const tenure = chance.integer(72)
    const charges = 20 + 90 * chance.next()
    const monthly = chance.next() < 0.55
    const margin = -1.2 - 0.06 * tenure + 0.015 * charges + (monthly ? 1.8 : 0)
    const left = chance.next() < 1 / (1 + Math.exp(-margin))
    lines.push(
      [
        `C-${row}`,
        chance.next() < 0.5 ? 'Female' : 'Male',
        tenure,
        charges.toFixed(2),
        monthly ? 'Month-to-month' : 'One year',
        left ? 'Price' : '',
        left ? 'Yes' : 'No',
      ].join(),
    )
  }
  return `${lines.join('\n')}\n`
}

/** As `tar -cf` packs them. */
export function tarOf(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = []
  for (const [name, bytes] of files) {
    const header = Buffer.alloc(512)
    header.write(`./${name}`, 0)
    header.write('0000644\0', 100)
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('        ', 148)
    header.write('0', 156)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    parts.push(header, Buffer.from(bytes), Buffer.alloc((512 - (bytes.length % 512)) % 512))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}
