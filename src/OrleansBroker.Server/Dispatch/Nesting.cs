namespace OrleansBroker.Server.Dispatch;

/// <summary>
/// How deep the connections of this thread are nested: one that wakes another lets it go on within the call, as a thread switch
/// costs more than most answers, and only where such calls have piled up it goes on elsewhere.
/// </summary>
internal static class Nesting
{
    private const int DepthMax = 4;

    [ThreadStatic]
    private static int _depth;

    public static bool IsDeep => _depth >= DepthMax;

    public static void Enter() => _depth++;

    public static void Leave() => _depth--;
}
