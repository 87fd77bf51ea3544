namespace OrleansBroker.Core.Topics;

/// <summary>What stands more than once in a request that may name each thing only once.</summary>
internal static class Duplicates
{
    public static HashSet<T> Of<T>(IEnumerable<T> items)
    {
        var seen = new HashSet<T>();
        var twice = new HashSet<T>();
        foreach (var item in items)
        {
            if (!seen.Add(item))
            {
                twice.Add(item);
            }
        }

        return twice;
    }
}
