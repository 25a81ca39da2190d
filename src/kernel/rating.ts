/** Most stars of a rating. 5 is a favourite; 0 and no rating are both unrated. */
export const MAX_RATING = 5;
