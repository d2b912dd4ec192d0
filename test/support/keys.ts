/** Keys of tests: the same in every process of one. */
export const ADDRESS_KEY = Buffer.alloc(32, 1)
export const LINK_KEY = Buffer.alloc(32, 2)
