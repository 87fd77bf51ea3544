using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Tests.Logs;

internal static class RecordSetTestExtensions
{
    /// <summary>Records of the first batch.</summary>
    public static int Count(this RecordSet records)
    {
        var bytes = new byte[records.Length];
        records.CopyTo(bytes);
        return new RecordBatchView(bytes).Count;
    }
}
