package jinja

import (
	"slices"
	"sync"
)

// methods returns the methods of Python's types, by type name.
var methods = sync.OnceValue(func() map[string]map[string]func(v any, c *call) any {
	return map[string]map[string]func(v any, c *call) any{
		"str": strMethods(),
		"dict": {
			"keys":       func(v any, c *call) any { c.params(); return view{v.(*dict), "keys"} },
			"values":     func(v any, c *call) any { c.params(); return view{v.(*dict), "values"} },
			"items":      func(v any, c *call) any { c.params(); return view{v.(*dict), "items"} },
			"get":        dictGet,
			"pop":        dictPop,
			"popitem":    dictPopItem,
			"setdefault": dictSetDefault,
			"update":     dictUpdate,
			"copy":       dictCopy,
			"clear":      dictClear,
		},
		"list": {
			"append":  listAppend,
			"extend":  listExtend,
			"insert":  listInsert,
			"pop":     listPop,
			"remove":  listRemove,
			"index":   func(v any, c *call) any { return indexOf(v.(*list).items, c) },
			"count":   func(v any, c *call) any { return countOf(v.(*list).items, c) },
			"reverse": func(v any, c *call) any { c.params(); slices.Reverse(v.(*list).items); return nil },
			"sort":    listSort,
			"copy":    func(v any, c *call) any { c.params(); return &list{items: slices.Clone(v.(*list).items)} },
			"clear":   func(v any, c *call) any { c.params(); v.(*list).items = nil; return nil },
		},
		"tuple": {
			"index": func(v any, c *call) any { return indexOf(v.(*tuple).items, c) },
			"count": func(v any, c *call) any { return countOf(v.(*tuple).items, c) },
		},
	}
})

func dictGet(v any, c *call) any {
	p := c.positional("key", "default?")
	if found, ok := v.(*dict).get(c.at, p[0]); ok {
		return found
	}
	return orNone(p[1])
}

func dictPop(v any, c *call) any {
	p := c.positional("key", "default?")
	d := v.(*dict)
	found, ok := d.get(c.at, p[0])
	if !ok {
		if p[1] == missing {
			c.at.fail("the dict has no such key")
		}
		return p[1]
	}
	c.in.set.step(c.at, len(d.keys))
	d.remove(c.at, p[0])
	return found
}

func dictPopItem(v any, c *call) any {
	c.params()
	d := v.(*dict)
	if len(d.keys) == 0 {
		c.at.fail("the dict is empty")
	}
	key, value := d.at(c.at, len(d.keys)-1)
	d.remove(c.at, key)
	return &tuple{items: []any{key, value}}
}

func dictSetDefault(v any, c *call) any {
	p := c.positional("key", "default?")
	if found, ok := v.(*dict).get(c.at, p[0]); ok {
		return found
	}
	c.in.set.reserve(c.at, 64)
	v.(*dict).set(c.at, p[0], orNone(p[1]))
	return orNone(p[1])
}

func dictUpdate(v any, c *call) any {
	other := makeDict(c)
	c.in.set.reserve(c.at, 64*len(other.keys))
	c.updateDict(v.(*dict), other)
	return nil
}

func dictCopy(v any, c *call) any {
	c.params()
	d := newDict()
	c.in.set.reserve(c.at, 64*len(v.(*dict).keys))
	c.updateDict(d, v)
	return d
}

func dictClear(v any, c *call) any {
	c.params()
	d := v.(*dict)
	d.keys, d.values = nil, map[any]any{}
	d.changes++
	return nil
}

func listAppend(v any, c *call) any {
	c.in.set.reserve(c.at, 16)
	l := v.(*list)
	l.items = append(l.items, c.positional("object")[0])
	return nil
}

func listExtend(v any, c *call) any {
	more := c.in.items(c.at, c.positional("iterable")[0])
	c.in.set.reserve(c.at, 16*len(more))
	l := v.(*list)
	l.items = append(l.items, more...)
	return nil
}

func listInsert(v any, c *call) any {
	p := c.positional("index", "object")
	l := v.(*list)
	i := c.int(p[0])
	if i < 0 {
		i += len(l.items)
	}
	c.in.set.reserve(c.at, 16)
	c.in.set.step(c.at, len(l.items))
	l.items = slices.Insert(slices.Clone(l.items), max(0, min(i, len(l.items))), p[1])
	return nil
}

func listPop(v any, c *call) any {
	l := v.(*list)
	i := c.intOr(c.positional("index?")[0], -1)
	if i < 0 {
		i += len(l.items)
	}
	if i < 0 || i >= len(l.items) {
		c.at.fail("pop index out of range")
	}
	item := l.items[i]
	l.remove(c, i)
	return item
}

// remove removes an item in a copy of the array, which other values may share.
func (l *list) remove(c *call, i int) {
	c.in.set.step(c.at, len(l.items))
	l.items = slices.Delete(slices.Clone(l.items), i, i+1)
}

func listRemove(v any, c *call) any {
	l := v.(*list)
	i := c.find(l.items, c.positional("value")[0])
	if i < 0 {
		c.at.fail("item not found in the list")
	}
	l.remove(c, i)
	return nil
}

func listSort(v any, c *call) any {
	p := c.params("reverse?")
	if len(c.args) > 0 {
		c.at.fail("sort takes no positional arguments")
	}
	l := v.(*list)
	l.items = c.in.sorted(c.at, l.items, func(v any) any { return v }, c.boolOr(p[0], false))
	return nil
}

// find returns the index of the first item that equals v, or -1.
func (c *call) find(items []any, v any) int {
	c.in.set.step(c.at, len(items))
	return slices.IndexFunc(items, func(x any) bool { return c.in.equal(c.at, x, v) })
}

func indexOf(items []any, c *call) any {
	p := c.positional("value", "start?", "stop?")
	start, stop, _ := sliceBounds(c.at, len(items), orNone(p[1]), orNone(p[2]), nil)
	i := -1
	if start < stop {
		i = c.find(items[start:stop], p[0])
	}
	if i < 0 {
		c.at.fail("item not found")
	}
	return int64(start + i)
}

func countOf(items []any, c *call) any {
	v := c.positional("value")[0]
	c.in.set.step(c.at, len(items))
	n := 0
	for _, x := range items {
		if c.in.equal(c.at, x, v) {
			n++
		}
	}
	return int64(n)
}
