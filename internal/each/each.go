// Package each joins lists, keeping each value once.
package each

// Once has every value of the lists once, in their order.
func Once[T comparable](lists ...[]T) (all []T) {
	seen := map[T]bool{}
	for _, list := range lists {
		for _, v := range list {
			if !seen[v] {
				all, seen[v] = append(all, v), true
			}
		}
	}
	return all
}
