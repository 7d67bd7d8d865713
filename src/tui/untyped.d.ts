declare module 'arabic-persian-reshaper' {
  interface Shaper {
    /** Letters in their contextual presentation forms, in logical order. */
    convertArabic(text: string): string;
  }
  const reshaper: { readonly PersianShaper: Shaper; readonly ArabicShaper: Shaper };
  export default reshaper;
}
