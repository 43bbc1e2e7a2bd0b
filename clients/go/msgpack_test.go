package seaway

import (
	"encoding/binary"
	"math"
)

// msgpackValue reads what the vectors say in MessagePack, so that the JSON beside it has something to be compared
// with. It trusts its input: this client speaks JSON.
func msgpackValue(data []byte) (any, []byte) {
	head := data[0]
	data = data[1:]
	switch {
	case head < 0x80:
		return int64(head), data
	case head < 0x90:
		return msgpackMap(int(head&0xf), data)
	case head < 0xa0:
		return msgpackList(int(head&0xf), data)
	case head < 0xc0:
		count := int(head & 0x1f)
		return string(data[:count]), data[count:]
	case head >= 0xe0:
		return int64(int8(head)), data
	}
	switch head {
	case 0xc0:
		return nil, data
	case 0xc2, 0xc3:
		return head == 0xc3, data
	case 0xca:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(data))), data[4:]
	case 0xcb:
		return math.Float64frombits(binary.BigEndian.Uint64(data)), data[8:]
	case 0xcc, 0xcd, 0xce, 0xcf:
		number, data := msgpackNumber(1<<(head-0xcc), data)
		return int64(number), data
	case 0xd0, 0xd1, 0xd2, 0xd3:
		size := 1 << (head - 0xd0)
		number, data := msgpackNumber(size, data)
		shift := 64 - 8*size
		return int64(number<<shift) >> shift, data
	case 0xc4, 0xc5, 0xc6:
		count, data := msgpackNumber(1<<(head-0xc4), data)
		return Bytes(data[:count]), data[count:]
	case 0xd9, 0xda, 0xdb:
		count, data := msgpackNumber(1<<(head-0xd9), data)
		return string(data[:count]), data[count:]
	case 0xdc, 0xdd:
		count, data := msgpackNumber(2<<(head-0xdc), data)
		return msgpackList(int(count), data)
	case 0xde, 0xdf:
		count, data := msgpackNumber(2<<(head-0xde), data)
		return msgpackMap(int(count), data)
	}
	panic("not in a good vector")
}

func msgpackNumber(size int, data []byte) (uint64, []byte) {
	var number uint64
	for _, b := range data[:size] {
		number = number<<8 | uint64(b)
	}
	return number, data[size:]
}

func msgpackList(count int, data []byte) (any, []byte) {
	list := make([]any, count)
	for index := range list {
		list[index], data = msgpackValue(data)
	}
	return list, data
}

func msgpackMap(count int, data []byte) (any, []byte) {
	fields := make(map[string]any)
	for ; count > 0; count-- {
		var key any
		key, data = msgpackValue(data)
		fields[key.(string)], data = msgpackValue(data)
	}
	return fields, data
}
