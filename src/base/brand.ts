/** A value that the type checker will not confuse with another of the same shape. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
