/** What stands on the program's own page. */
export const OWN_PAGE = [
  'Nobody reads this page: it is for what concerns no conversation.',
  '/rooms lists the open groups, /activeuser who is here; /msgto USER TEXT writes to someone.',
  '? on an empty line lists keys and commands.',
];
