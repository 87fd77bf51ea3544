namespace OrleansBroker.Protocol;

/// <summary>An idempotent producer's number, unique in the cluster; -1 on the wire where there is none.</summary>
public readonly record struct ProducerId(long Value)
{
    public static readonly ProducerId None = new(-1);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
