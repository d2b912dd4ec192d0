import { describe, expect, it } from 'vitest'
import { hashPassword, isPassword } from '../../src/security/password.ts'

const PASSWORD = 'four words nobody guesses'

describe('a password', () => {
  it('is kept as scrypt of 2^17 rounds with a salt of its own, and is told from every other', async () => {
    const [one, two] = [await hashPassword(PASSWORD), await hashPassword(PASSWORD)]
    expect(one).toMatch(/^scrypt\$17\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(two).not.toBe(one)
    expect(await isPassword(one, PASSWORD)).toBe(true)
    expect(await isPassword(two, PASSWORD)).toBe(true)
    for (const wrong of [`${PASSWORD} `, PASSWORD.slice(1), PASSWORD.toUpperCase(), ''])
      expect(await isPassword(one, wrong), wrong).toBe(false)
    expect(await isPassword(null, PASSWORD)).toBe(false)
  })

  it('is the same however its letters are composed', async () => {
    const kept = await hashPassword('u\u0308ber alle Berge, so weit')
    expect(await isPassword(kept, '\u00fcber alle Berge, so weit')).toBe(true)
  })

  it('has 15 to 256 characters, counted as people count them', async () => {
    for (const wrong of ['fourteen chars', '😀'.repeat(14), 'x'.repeat(257)])
      await expect(hashPassword(wrong)).rejects.toMatchObject({ code: 'usage' })
    expect(await isPassword(await hashPassword('😀'.repeat(256)), '😀'.repeat(256))).toBe(true)
  })
})
