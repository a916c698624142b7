import com.google.cloud.bigquery.BigQuery;
import com.google.cloud.bigquery.BigQueryOptions;
import com.google.cloud.bigquery.FieldValueList;
import com.google.cloud.bigquery.QueryJobConfiguration;
import java.util.StringJoiner;

public class Query {
  public static String rows() throws Exception {
    BigQuery bigquery = BigQueryOptions.newBuilder().setHost(System.getenv("LOCAL_GOOGLE_URL")).build().getService();
    StringJoiner rows = new StringJoiner(", ", "{\"rows\": [", "]}");
    for (FieldValueList row : bigquery.query(QueryJobConfiguration.of(System.getenv("QUERY"))).iterateAll()) {
      rows.add(
          "{\"id\": " + row.get("id").getLongValue() + ", \"item\": \"" + row.get("item").getStringValue() + "\", \"at\": \""
              + row.get("at").getTimestampInstant() + "\"}");
    }
    return rows.toString();
  }
}
