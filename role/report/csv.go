package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"tandem/pipeline"
)

// printCSV prints the flat fields of a report under the names of its JSON: a list with blanks, or with semicolons where it
// is one of texts, and latency_ms as latency_p50_ms and so on.
func printCSV(to io.Writer, r pipeline.Report, header bool) error {
	names, values := flatten(reflect.ValueOf(r), "%s")
	records := [][]string{names, values}
	if !header {
		records = records[1:]
	}
	return csv.NewWriter(to).WriteAll(records)
}

// flatten lists the fields of a struct, but for lists of structs other than the names of nodes. name makes a column's name
// of a field's.
func flatten(v reflect.Value, name string) (names, values []string) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		column := fmt.Sprintf(name, tag)
		text := ""
		switch {
		case value.Kind() == reflect.Pointer && value.IsNil(): // not known
		case value.Kind() == reflect.Struct:
			n, v := flatten(value, strings.Replace(column, "_ms", "_%s_ms", 1))
			names, values = append(names, n...), append(values, v...)
			continue
		case value.Type() == reflect.TypeFor[[]pipeline.NodeID]():
			text = inert(strings.Join(called(value.Interface().([]pipeline.NodeID)), "; "))
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			continue
		case value.Type() == reflect.TypeFor[[]string]():
			text = inert(strings.Join(value.Interface().([]string), "; "))
		case value.Kind() == reflect.String:
			text = inert(value.String())
		case value.Kind() == reflect.Slice:
			text = strings.Trim(fmt.Sprint(value), "[]")
		case reflect.Indirect(value).Kind() == reflect.Float64:
			text = strconv.FormatFloat(reflect.Indirect(value).Float(), 'f', 3, 64)
		default:
			text = fmt.Sprint(value)
		}
		names, values = append(names, column), append(values, text)
	}
	return names, values
}

// inert is a text that no spreadsheet takes for a formula: what begins like one stands behind a quote, as OWASP says
// (CSV Injection). Names and notes may come from anybody.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
