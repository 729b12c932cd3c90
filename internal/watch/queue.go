package watch

import "container/heap"

// nowhere is the place of a target that is in no queue.
const nowhere = -1

// queue is the targets by when they are due.
type queue []*target

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push adds a target, for package heap.
func (q *queue) Push(t any) {
	t.(*target).place = len(*q)
	*q = append(*q, t.(*target))
}

// Pop takes the last target away, for package heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	t.place = nowhere
	*q = (*q)[:last]
	return t
}

// put adds a target, or moves it to where it is due now.
func (q *queue) put(t *target) {
	if t.place == nowhere {
		heap.Push(q, t)
		return
	}
	heap.Fix(q, t.place)
}
