/** Words that a query may contain and a document needn't: articles, prepositions and conjunctions, folded. */
const WORDS = [
  "a an the of in on at with and or for to from by is are my our",
  "der die das den dem des ein eine einen einem einer eines und oder mit im am an auf bei von zu zum zur fur vom",
  "le la les l d un une des du de d et ou au aux en dans avec sur pour",
  "el los las unos unas y o del con por para al",
  "lo gli il uno e di della dei delle nel nella da dal su per i",
  "os as um uma da dos das em no na nos nas ao com",
  "het een van op met bij voor te",
  "z w na do od i ze",
  "и в во на с со у к по из от",
];

const stopWords = new Set(WORDS.flatMap((words) => words.split(" ")));

export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}
