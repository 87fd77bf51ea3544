namespace OrleansBroker.Protocol;

/// <summary>A broker's number within its cluster; -1 on the wire where there is none.</summary>
public readonly record struct BrokerId(int Value)
{
    public static readonly BrokerId None = new(-1);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
