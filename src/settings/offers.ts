/** Discounts: how long they stand and who fulfils them. */
import { z } from 'zod'

export const offerSettings = z.strictObject({}).prefault({})
